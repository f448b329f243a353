import { sql } from 'kysely';
import { change } from '../../store/change.ts';
import type { Db, Tx } from '../../store/db.ts';
import { listSlots } from '../../store/slots.ts';
import { idOf } from './identity.ts';
import { insertAll } from './insert.ts';
import { type Size, describeInstallation } from './installation.ts';
import type { Installation } from './model.ts';
import { type Bases, STEPS } from './tables.ts';

/** What was loaded. */
export interface Loaded {
  /** Who holds it holds the installation. */
  readonly revision: number;
  /** People with a certificate. */
  readonly users: number;
  readonly plants: number;
  readonly routes: number;
}

export interface LoadOptions extends Size {
  /** Told of each step. */
  readonly say?: (line: string) => void;
}

/**
 * Loads an installation of `size` routes into a database that has a slot, beside whatever it holds, in one change: other changes of
 * access wait meanwhile. It is as if its history had happened, with all revisions of it, but for the notes in `changes`: their floor
 * is raised, so that whoever follows takes a snapshot. Pools are the default ones. Throws when an installation was loaded before.
 */
export async function loadInstallation(db: Db, { say = () => undefined, ...size }: LoadOptions): Promise<Loaded> {
  const installation = describeInstallation(size);
  const slots = await listSlots(db);
  const { value } = await change(db, async (tx, taken) => {
    await refuseSecond(tx, installation);
    // Neither foreign keys nor change notes for millions of rows; tests hold what is loaded to both.
    await sql`set local session_replication_role = replica`.execute(tx);
    const bases = { seed: size.seed, revision: taken, slots, ...(await takeNumbers(tx, installation)) };
    for (const [title, insert] of STEPS) {
      say(title);
      await insert(tx, installation, bases);
    }
    await sql`analyze`.execute(tx);
    say('what everybody reaches');
    const routes = await reach(tx, installation, bases);
    await settings(tx, installation, bases);
    const revision = taken + installation.changes;
    await tx.updateTable('revision').set({ value: revision }).execute();
    await tx.updateTable('changes_floor').set({ revision }).execute();
    await tx.deleteFrom('changes').where('revision', '<=', revision).execute();
    return { revision, routes };
  });
  say('statistics');
  await sql`vacuum analyze`.execute(db);
  const { plants, certificates } = installation;
  return { ...value, users: certificates.length, plants: plants.length };
}

async function refuseSecond(tx: Tx, { organizations }: Installation): Promise<void> {
  const names = organizations.map(({ name }) => name);
  const found = await tx.selectFrom('organizations').select('name').where('name', 'in', names).executeTakeFirst();
  if (found !== undefined) throw new Error(`An installation was loaded before: there is ${found.name}.`);
}

/** Reserves numbers that follow each other. Nobody else may take any until the commit. */
async function takeNumbers(
  tx: Tx,
  { people, plants, subnets }: Installation,
): Promise<Pick<Bases, 'users' | 'plants' | 'subnets'>> {
  await sql`lock table users, plants, subnets in share row exclusive mode`.execute(tx);
  const take = async (table: string, count: number) => {
    const { rows } = await sql<{ first: number }>`
      select nextval(s) as first, setval(s, currval(s) + ${count}::int)
        from (select pg_get_serial_sequence(${table}, 'no')::regclass as s) t`.execute(tx);
    return rows[0]?.first ?? 0;
  };
  return {
    users: await take('users', people.length),
    plants: await take('plants', plants.length),
    subnets: await take('subnets', subnets.length),
  };
}

/**
 * Fills `reach` as `derive` would have over time: since when somebody holds both the certificate and a role of Operator. Returns the
 * routes that follow.
 */
async function reach(tx: Tx, { grants, assignments }: Installation, { seed, revision }: Bases): Promise<number> {
  await sql`create temporary table source_since (source_id uuid primary key, since bigint not null) on commit drop`.execute(
    tx,
  );
  const sources = [
    ...grants.map(({ since }, n) => ({ id: idOf(seed, 'grant', n), since })),
    ...assignments.map(({ since }, n) => ({ id: idOf(seed, 'assignment', n), since })),
  ];
  await insertAll(tx, 'source_since', sources, {
    source_id: ['uuid', ({ id }) => id],
    since: ['bigint', ({ since }) => revision + since],
  });
  await sql`analyze source_since`.execute(tx);
  await sql`
    insert into reach (user_id, plant_no, since)
    select a.user_id, a.plant_no, greatest(c.revision, min(coalesce(s.since, 0)))
      from access_sources a
      join certificates c on c.user_id = a.user_id and c.revision > ${revision}::bigint
      left join source_since s on s.source_id = a.source_id
     where a.role = 'operator'
     group by a.user_id, a.plant_no, c.revision
     order by a.user_id, a.plant_no`.execute(tx);
  await sql`analyze reach`.execute(tx);
  const { rows } = await sql<{ routes: number }>`
    select count(*) as routes from reach r
      join certificates c on c.user_id = r.user_id and c.revision > ${revision}::bigint
      join plants p on p.no = r.plant_no join subnets n on n.plant_id = p.id`.execute(tx);
  return rows[0]?.routes ?? 0;
}

async function settings(tx: Tx, installation: Installation, { seed, ...bases }: Bases): Promise<void> {
  await insertAll(tx, 'route_settings', installation.settings, {
    user_id: ['uuid', ({ person }) => idOf(seed, 'person', person)],
    subnet_no: ['int', ({ subnet }) => bases.subnets + subnet],
    plant_no: ['int', ({ subnet }) => bases.plants + (installation.subnets[subnet]?.plant ?? -1)],
    chosen: ['bigint', ({ chosen }) => (chosen === 0 ? 0 : bases.revision + chosen)],
    paused_at: ['timestamptz', ({ paused }) => (paused ? 'now' : null)],
    revision: ['bigint', ({ since }) => bases.revision + since],
  });
}
