/**
 * What a change does to people: roles and reach before and after it, compared in the database. Both sides and the change are in
 * one transaction, which ends with a rollback; the state before waits in a table of that transaction.
 */
import { type RawBuilder, sql } from 'kysely';
import type { JobRole } from '../access/roles.ts';
import type { Tx } from './db.ts';

/** Whose roles a change can touch: those of these users, and those on these plants. */
export interface Touched {
  readonly users: readonly string[];
  readonly plants: readonly number[];
}

/** One person on one plant, whose role is another. */
export interface RoleChange {
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  readonly plantId: string;
  readonly plantName: string;
  readonly roleBefore: JobRole | null;
  readonly roleAfter: JobRole | null;
}

/** How many people and plants; `connected` are those of the people who hold a certificate. */
export interface Counts {
  readonly people: number;
  readonly plants: number;
}

export interface RoleEffects {
  readonly lost: Counts & { readonly list: readonly RoleChange[] };
  readonly gained: Counts & { readonly list: readonly RoleChange[] };
  readonly vpnLost: Counts & { readonly connected: number };
  readonly vpnGained: Counts & { readonly connected: number };
  /** The same for the same changes of roles and reach. */
  readonly digest: string;
}

const LISTED = 50;

/** Keeps the roles as they are now. `viewerId`: who asks, and is shown by name what is theirs to see now. */
export async function keepRoles(tx: Tx, touched: Touched, viewerId: string): Promise<void> {
  // Not with parameters: a statement that makes a table takes none.
  await sql`create temporary table roles_before (user_id uuid, plant_id uuid, role job_role, reached boolean, shown boolean,
    user_name text, user_email text, plant_name text) on commit drop`.execute(tx);
  await sql`insert into roles_before ${roles(touched, viewerId)}`.execute(tx);
}

/** What is different from what `keepRoles` kept. */
export async function compareRoles(tx: Tx, touched: Touched, viewerId: string): Promise<RoleEffects> {
  await sql`create temporary table roles_changed (user_id uuid, plant_id uuid, before job_role, after job_role,
    reached_before boolean, reached_after boolean, shown boolean, user_name text, user_email text, plant_name text)
    on commit drop`.execute(tx);
  await sql`
    insert into roles_changed
    select coalesce(b.user_id, a.user_id), coalesce(b.plant_id, a.plant_id), b.role, a.role,
           coalesce(b.reached, false), coalesce(a.reached, false), coalesce(b.shown, a.shown),
           coalesce(b.user_name, a.user_name), coalesce(b.user_email, a.user_email), coalesce(b.plant_name, a.plant_name)
      from roles_before b full join (${roles(touched, viewerId)}) a on a.user_id = b.user_id and a.plant_id = b.plant_id
     where b.role is distinct from a.role or b.reached is distinct from a.reached`.execute(tx);
  const { rows } = await sql<{ digest: string }>`
    select md5(coalesce(string_agg(concat_ws(' ', user_id, plant_id, coalesce(before::text, '-'), coalesce(after::text, '-'),
             reached_before, reached_after), e'\\n' order by user_id, plant_id), '')) as digest from roles_changed`.execute(
    tx,
  );
  return {
    lost: await listed(tx, LOST),
    gained: await listed(tx, GAINED),
    vpnLost: await counted(tx, sql`before = 'operator' and after is distinct from 'operator'`, sql`reached_before`),
    vpnGained: await counted(tx, sql`after = 'operator' and before is distinct from 'operator'`, sql`reached_after`),
    digest: rows[0]?.digest ?? '',
  };
}

const LOST = sql`before is not null and (after is null or after < before)`;
const GAINED = sql`after is not null and (before is null or before < after)`;

async function listed(tx: Tx, which: RawBuilder<unknown>): Promise<Counts & { list: RoleChange[] }> {
  const { people, plants } = await counted(tx, which, sql`false`);
  const { rows: list } = await sql<RoleChange>`
    select user_id as "userId", user_name as "userName", user_email as "userEmail", plant_id as "plantId",
           plant_name as "plantName", before as "roleBefore", after as "roleAfter"
      from roles_changed where ${which} and shown order by user_name, user_id, plant_name, plant_id limit ${LISTED}`.execute(
    tx,
  );
  return { people, plants, list };
}

async function counted(
  tx: Tx,
  which: RawBuilder<unknown>,
  connected: RawBuilder<unknown>,
): Promise<Counts & { connected: number }> {
  const { rows } = await sql<Counts & { connected: number }>`
    select count(distinct user_id) as people, count(distinct plant_id) as plants,
           count(distinct user_id) filter (where ${connected}) as connected
      from roles_changed where ${which}`.execute(tx);
  return rows[0] ?? { people: 0, plants: 0, connected: 0 };
}

/**
 * The roles that are touched, with names. Shown to who leads the plant's owner, or an organization of the person, or is the
 * person: a platform administrator learns how many, and no names of plants (ACC-7).
 */
function roles({ users, plants }: Touched, viewerId: string): RawBuilder<unknown> {
  const sources = sql`select user_id, plant_id, plant_no, role from access_sources`;
  return sql`
    select s.user_id, s.plant_id, max(s.role) as role,
           exists (select from reach r where r.user_id = s.user_id and r.plant_no = s.plant_no) as reached,
           s.user_id = ${viewerId}::uuid or exists (
             select from memberships v
              where v.user_id = ${viewerId}::uuid and v.role in ('administrator', 'moderator')
                and (v.organization_id = p.organization_id or exists (
                  select from memberships m where m.organization_id = v.organization_id and m.user_id = s.user_id))) as shown,
           u.name as user_name, u.email as user_email, p.name as plant_name
      from (${sources} where user_id = any(${users}::uuid[]) union all
            ${sources} where plant_no = any(${plants}::int[]) and user_id <> all(${users}::uuid[])) s
      join users u on u.id = s.user_id and u.deleted_at is null
      join plants p on p.id = s.plant_id
     group by s.user_id, s.plant_id, s.plant_no, u.name, u.email, p.name, p.organization_id`;
}

/** Subnets that are about to be deleted. */
export interface Ending {
  readonly count: number;
  readonly aliases: number;
  readonly people: number;
  readonly devices: number;
  readonly list: readonly { plantId: string; plantName: string; network: string; alias: string | null }[];
}

/** What ends with one subnet, or with all subnets of plants. Shown to who leads the owner. */
export async function subnetsOfEnding(
  tx: Tx,
  of: { readonly subnetId: string } | { readonly plants: readonly number[] },
  viewerId: string,
): Promise<Ending> {
  const which = 'subnetId' in of ? sql`n.id = ${of.subnetId}` : sql`p.no = any(${of.plants}::int[])`;
  const from = sql`subnets n join plants p on p.id = n.plant_id`;
  const { rows } = await sql<Omit<Ending, 'list'>>`
    select count(*) as count, count(*) filter (where n.pool = 'alias') as aliases,
           (select count(distinct r.user_id) from ${from} join reach r on r.plant_no = p.no where ${which}) as people,
           (select count(*) from ${from} join devices d on d.plant_id = p.id and d.address <<= n.network
             where ${which} and n.pool = 'alias') as devices
      from ${from} where ${which}`.execute(tx);
  const { rows: list } = await sql<Ending['list'][number]>`
    select p.id as "plantId", p.name as "plantName", n.network::text as network,
           case n.pool when 'alias' then n.unique_range::text end as alias
      from ${from}
     where ${which} and exists (select from memberships v where v.organization_id = p.organization_id
             and v.user_id = ${viewerId}::uuid and v.role in ('administrator', 'moderator'))
     order by p.name, p.id, n.network, n.no limit ${LISTED}`.execute(tx);
  return { ...(rows[0] ?? { count: 0, aliases: 0, people: 0, devices: 0 }), list };
}
