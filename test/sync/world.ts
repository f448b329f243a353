import { sql } from 'kysely';
import { revokeCertificate } from '../../src/store/certificates.ts';
import { change } from '../../src/store/change.ts';
import type { Db } from '../../src/store/db.ts';
import { pruneChanges } from '../../src/store/prune.ts';
import {
  NOW,
  type TestPlant,
  addOrganization,
  addPlant,
  addSlot,
  addSubnet,
  addUser,
  certify,
} from '../postgres/world.ts';
import type { Chance } from './chance.ts';

/** Who and what a run changes. */
export interface World {
  readonly users: readonly string[];
  readonly plants: readonly TestPlant[];
}

/** Few enough that plants contest them. */
const NETWORKS = ['192.168.0.0/24', '192.168.0.0/25', '192.168.1.0/24', '10.0.0.0/16', '10.0.7.0/24'];

/** Eight users with certificates, six plants, some of the same networks. */
export async function smallWorld(db: Db): Promise<World> {
  await addSlot(db);
  const organization = await addOrganization(db);
  const users = await Promise.all(Array.from({ length: 8 }, () => addUser(db)));
  for (const user of users) await certify(db, user);
  const plants: TestPlant[] = [];
  for (let n = 0; n < 6; n += 1) {
    const plant = await addPlant(db, organization);
    await addSubnet(db, plant, NETWORKS[n % NETWORKS.length] ?? '');
    plants.push(plant);
  }
  return { users, plants };
}

/** One random change of what gateways hold, by the tables' own triggers. It may turn out to change nothing. */
export async function changeSomething(db: Db, { users, plants }: World, chance: Chance): Promise<void> {
  const user = chance.of(users);
  const plant = chance.of(plants);
  const kind = chance.below(20);
  if (kind < 8) {
    await sql`insert into reach (user_id, plant_no, since)
      select user_id, ${plant.no}, take_revision() from certificates where user_id = ${user} on conflict do nothing`.execute(
      db,
    );
  } else if (kind < 13) await sql`delete from reach where user_id = ${user} and plant_no = ${plant.no}`.execute(db);
  else if (kind < 15) await sql`delete from subnets where plant_id = ${plant.id}`.execute(db);
  else if (kind < 17) await addSubnet(db, plant, chance.of(NETWORKS)).catch(passOverlap);
  else if (kind < 19) await set(db, user, chance);
  else await revokeOrIssue(db, user);
}

/** A plant has no two subnets that overlap. */
function passOverlap(error: unknown): void {
  if (!String(error).includes('subnets_plant_id_network_excl')) throw error;
}

async function set(db: Db, user: string, chance: Chance): Promise<void> {
  const isPaused = chance.is(0.5);
  await sql`
    insert into route_settings (user_id, subnet_no, plant_no, chosen, paused_at, revision)
    select r.user_id, s.no, r.plant_no, take_revision(), case when ${isPaused} then now() end, take_revision()
      from reach r join plants p on p.no = r.plant_no join subnets s on s.plant_id = p.id where r.user_id = ${user}
     order by s.no limit 1
    on conflict (user_id, subnet_no) do update set chosen = excluded.chosen, paused_at = excluded.paused_at`.execute(
    db,
  );
}

/** What hangs on the certificate goes with it; the next one has another address. */
async function revokeOrIssue(db: Db, user: string): Promise<void> {
  const held = await db.selectFrom('certificates').select('user_id').where('user_id', '=', user).execute();
  if (held.length === 0) return void (await certify(db, user));
  await change(db, async (tx, revision) => {
    await tx.deleteFrom('reach').where('user_id', '=', user).execute();
    await revokeCertificate(tx, revision, user, NOW);
  });
}

/** Forgets all changes but the latest few: who lacks one of the others gets a snapshot. */
export async function forgetChanges(db: Db): Promise<void> {
  await pruneChanges(db, 5);
}

/** Adds many users with certificates and many plants with a subnet each, by SQL; nobody reaches anything yet. */
export async function largeWorld(db: Db, users: number, plants: number): Promise<void> {
  await addSlot(db);
  const organization = await addOrganization(db);
  const { portfolioId } = await addPlant(db, organization);
  await db.transaction().execute(async (tx) => {
    await sql`insert into users (email, name) select 'many-' || n || '@example.test', 'many' from generate_series(1, ${users}::int) n`.execute(
      tx,
    );
    await sql`insert into certificates (user_id, slot_no, address, public_key, profile, revision)
      select id, 1, inet '100.64.16.0' + (row_number() over ())::int, encode(sha256(id::text::bytea), 'base64'), 'full', take_revision()
        from users where name = 'many'`.execute(tx);
    await sql`insert into plants (organization_id, portfolio_id, name)
      select ${organization}, ${portfolioId}, 'many-' || n from generate_series(1, ${plants}::int) n`.execute(tx);
    await sql`insert into subnets (organization_id, plant_id, network, unique_range, pool, since)
      select organization_id, id, set_masklen((inet '10.0.0.0' + 256 * no)::cidr, 24), set_masklen((inet '100.96.0.0' + 256 * no)::cidr, 24),
             'alias', take_revision()
        from plants where name like 'many-%'`.execute(tx);
  });
}

/**
 * Lets the many reach a half of the many plants, the even or the odd numbers, and no more of them: a change of each pair of
 * either half, at one revision.
 */
export async function exchange(db: Db, half: 0 | 1): Promise<void> {
  const plants = sql`plants p where p.name like 'many-%' and p.no % 2`;
  await db.transaction().execute(async (tx) => {
    await sql`delete from reach where plant_no in (select p.no from ${plants} <> ${sql.lit(half)})`.execute(tx);
    await sql`insert into reach (user_id, plant_no, since)
      select u.id, p.no, take_revision() from (select id from users where name = 'many') u, ${plants} = ${sql.lit(half)}`.execute(
      tx,
    );
  });
}
