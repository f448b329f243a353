import { sql } from 'kysely';
import { change } from '../src/store/change.ts';
import type { Db, Tx } from '../src/store/db.ts';
import { derive } from '../src/store/derive.ts';

/** What the benches of the database work on, beside an installation that is loaded already. */
export interface Stage {
  readonly ownerId: string;
  /** Leads both organizations, and has no certificate. */
  readonly administratorId: string;
  /** Of those 100 people, and a member of the owner as well. */
  readonly memberId: string;
  /** 1,000 plants. */
  readonly largePortfolioId: string;
  /** A plant of those. */
  readonly plantId: string;
  /** 500 people are Operator of it; ten plants. */
  readonly crowdedPortfolioId: string;
  /** A plant of those. */
  readonly crowdedPlantId: string;
  /** Gives 100 people of the partner 200 plants. */
  readonly cooperationId: string;
}

/** Adds the stage in one change: two organizations, 1,210 plants with a subnet each, 600 people with certificates. */
export async function addStage(db: Db): Promise<Stage> {
  const { value } = await change(db, async (tx, revision) => {
    await addNamed(tx);
    await addPlants(tx, revision);
    await addPeople(tx, revision);
    await addAccess(tx);
    const stage = await readStage(tx);
    const { rows } = await sql<{ id: string }>`select id from users where email like 'stage-%'`.execute(tx);
    await derive(tx, revision, { users: rows.map(({ id }) => id) });
    return stage;
  });
  await sql`analyze`.execute(db);
  return value;
}

async function addNamed(tx: Tx): Promise<void> {
  await sql`insert into organizations (name) values ('Stage owner'), ('Stage partner')`.execute(tx);
  await sql`
    insert into portfolios (organization_id, name)
    select o.id, f.name from organizations o, (values ('Large'), ('Crowded'), ('Shared')) f (name)
     where o.name = 'Stage owner'`.execute(tx);
}

/** Their ranges lie far up in the hidden pool, where no installation has handed out any. */
async function addPlants(tx: Tx, revision: number): Promise<void> {
  await sql`
    insert into plants (organization_id, portfolio_id, name)
    select f.organization_id, f.id, f.name || ' ' || n
      from portfolios f join organizations o on o.id = f.organization_id and o.name = 'Stage owner'
      join (values ('Large', 1000), ('Crowded', 10), ('Shared', 200)) s (name, size) on s.name = f.name,
           generate_series(1, s.size) n`.execute(tx);
  await sql`
    insert into subnets (organization_id, plant_id, network, unique_range, pool, since)
    select p.organization_id, p.id, '192.168.1.0/24',
           set_masklen((inet '250.255.255.0' - (row_number() over (order by p.no)) * 256)::cidr, 24), 'hidden', ${revision}::bigint
      from plants p join organizations o on o.id = p.organization_id where o.name = 'Stage owner'`.execute(tx);
}

async function addPeople(tx: Tx, revision: number): Promise<void> {
  await sql`
    insert into users (email, name)
    select 'stage-' || n || '@stage.test', 'Stage ' || n from generate_series(0, 600) n`.execute(tx);
  await sql`
    insert into memberships (organization_id, user_id, role)
    select o.id, u.id, case u.email when 'stage-0@stage.test' then 'administrator' else 'member' end::organization_role
      from organizations o, users u where o.name in ('Stage owner', 'Stage partner') and u.email like 'stage-%'`.execute(
    tx,
  );
  await sql`
    insert into certificates (user_id, slot_no, address, public_key, profile, revision)
    select u.id, s.no, broadcast(s.users)::inet - (row_number() over (order by u.no))::int - 1,
           encode(sha256(u.id::text::bytea), 'base64'), 'full', ${revision}::bigint
      from users u, (select no, users from slots order by no desc limit 1) s
     where u.email like 'stage-%' and u.email <> 'stage-0@stage.test'`.execute(tx);
}

/** Users 1 to 500 hold the crowded portfolio, 501 to 600 what is shared. */
async function addAccess(tx: Tx): Promise<void> {
  await sql`
    insert into grants (organization_id, user_id, portfolio_id, role)
    select f.organization_id, u.id, f.id, 'operator'
      from portfolios f join organizations o on o.id = f.organization_id, generate_series(1, 500) n
      join users u on u.email = 'stage-' || n || '@stage.test'
     where o.name = 'Stage owner' and f.name = 'Crowded'`.execute(tx);
  await sql`
    with cooperation as (
      insert into cooperations (owner_id, partner_id, status)
      select a.id, b.id, 'active' from organizations a, organizations b
       where a.name = 'Stage owner' and b.name = 'Stage partner' returning id, owner_id, partner_id),
    share as (
      insert into shares (cooperation_id, owner_id, portfolio_id, cap)
      select c.id, c.owner_id, f.id, 'operator' from cooperation c
        join portfolios f on f.organization_id = c.owner_id and f.name = 'Shared' returning id, cooperation_id)
    insert into assignments (share_id, cooperation_id, partner_id, user_id, role)
    select s.id, c.id, c.partner_id, u.id, 'operator' from share s join cooperation c on c.id = s.cooperation_id,
           generate_series(501, 600) n join users u on u.email = 'stage-' || n || '@stage.test'`.execute(tx);
}

async function readStage(tx: Tx): Promise<Stage> {
  const { rows } = await sql<Stage>`
    select o.id as "ownerId",
           (select id from users where email = 'stage-0@stage.test') as "administratorId",
           (select id from users where email = 'stage-600@stage.test') as "memberId",
           (select id from cooperations where owner_id = o.id) as "cooperationId",
           (select id from portfolios where organization_id = o.id and name = 'Large') as "largePortfolioId",
           (select id from plants where organization_id = o.id and name = 'Large 1') as "plantId",
           (select id from portfolios where organization_id = o.id and name = 'Crowded') as "crowdedPortfolioId",
           (select id from plants where organization_id = o.id and name = 'Crowded 1') as "crowdedPlantId"
      from organizations o where o.name = 'Stage owner'`.execute(tx);
  const [stage] = rows;
  if (stage === undefined) throw new Error('the stage is not there');
  return stage;
}
