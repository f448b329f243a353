/**
 * Whom a change concerns, of those who listen: worked out once for all of them, from what has a revision (`changes`) and from
 * what the triggers of migration 0009 told.
 */
import { sql } from 'kysely';
import type { Db } from './db.ts';
import { DEAD_AFTER_MS } from './liveness.ts';
import { idleSince } from './sessions.ts';

/** What the triggers told since the last look. Keys are ids, of plants numbers. */
export interface Told {
  /** `organization` id and topic, with a space between them. */
  readonly organizations: ReadonlySet<string>;
  /** Users whose organizations show them. */
  readonly persons: ReadonlySet<string>;
  readonly portfolios: ReadonlySet<string>;
  readonly plants: ReadonlySet<number>;
  /** Plants whose routes may have another status. */
  readonly statuses: ReadonlySet<number>;
}

/** Something that one user has to read again. */
export interface Concern {
  readonly userId: string;
  readonly topic: 'routes' | 'certificate' | 'plants' | 'organization' | 'cooperations' | 'me';
  /** The plant or organization, when it is about one. */
  readonly id: string | null;
}

/** More changes than this at once concern everybody. */
const MOST_CHANGES = 5000;

/** The latest revision, and the one up to which `changes` is no longer complete. */
export async function revisionBounds(db: Db): Promise<{ head: number; floor: number }> {
  return db
    .selectFrom(['revision', 'changes_floor'])
    .select(['revision.value as head', 'changes_floor.revision as floor'])
    .executeTakeFirstOrThrow();
}

/** Which of the users have other routes by the revisions after `from` up to `to`; `everybody` when those are too many. */
export async function routesConcerned(
  db: Db,
  users: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<'everybody' | readonly string[]> {
  if (from >= to) return [];
  const { rows } = await sql<{ userId: string | null }>`
    with changed as materialized (
      select kind, key, plant_no from changes
       where revision > ${from}::bigint and revision <= ${to}::bigint limit ${MOST_CHANGES + 1}),
    listening as (select unnest(${users}::uuid[]) as id)
    select null::uuid as "userId" from changed
     where kind in ('gateway', 'slot') or (select count(*) from changed) > ${MOST_CHANGES}
    union
    select l.id from changed c join listening l on l.id::text = split_part(c.key, ':', 1)
     where c.kind in ('reach', 'setting')
    union
    select t.user_id from changed c join certificates t on host(t.address) = c.key
     where c.kind = 'user' and t.user_id = any(${users}::uuid[])
    union
    select r.user_id from reach r
     where r.user_id = any(${users}::uuid[])
       and r.plant_no in (select plant_no from changed where kind in ('subnet', 'agent'))`.execute(db);
  const ids = rows.flatMap(({ userId }) => (userId === null ? [] : [userId]));
  return ids.length < rows.length ? 'everybody' : ids;
}

/** Which of the users what was told concerns. Each as the user's rights are now. */
export async function toldConcerned(db: Db, users: readonly string[], told: Told): Promise<Concern[]> {
  const organizations = [...told.organizations].map((entry) => entry.split(' '));
  const { rows } = await sql<Concern>`
    select m.user_id as "userId", t.topic, case t.topic when 'organization' then m.organization_id end as id
      from unnest(${organizations.map(([id]) => id)}::uuid[], ${organizations.map(([, topic]) => topic)}::text[]) as t (id, topic)
      join memberships m on m.organization_id = t.id and m.user_id = any(${users}::uuid[])
    union
    select m.user_id, 'organization', m.organization_id
      from memberships shown
      join memberships m on m.organization_id = shown.organization_id and m.user_id = any(${users}::uuid[])
     where shown.user_id = any(${[...told.persons]}::uuid[])
    union
    select g.user_id, 'plants', null::uuid from grants g
     where g.portfolio_id = any(${[...told.portfolios]}::uuid[]) and g.user_id = any(${users}::uuid[])
    union
    select a.user_id, 'plants', null from assignments a join shares s on s.id = a.share_id
     where s.portfolio_id = any(${[...told.portfolios]}::uuid[]) and a.user_id = any(${users}::uuid[])
    union
    select s.user_id, 'plants', s.plant_id from access_sources s
     where s.user_id = any(${users}::uuid[]) and s.plant_no = any(${[...told.plants]}::int[])
    union
    select r.user_id, 'routes', null from reach r
     where r.user_id = any(${users}::uuid[]) and r.plant_no = any(${[...told.statuses]}::int[])`.execute(db);
  return rows;
}

/** A session or API token that lets somebody listen, by its id; whether that is a platform administrator now. */
export interface Credential {
  readonly id: string;
  readonly platformAdministrator: boolean;
}

/** Those of the sessions and API tokens that are still good, of users who are not deleted. */
export async function liveCredentials(db: Db, ids: readonly string[], now: Date): Promise<Credential[]> {
  const { rows } = await sql<Credential>`
    select s.id, u.platform_administrator as "platformAdministrator"
      from sessions s join users u on u.id = s.user_id and u.deleted_at is null
     where s.id = any(${ids}::uuid[]) and s.expires_at > ${now}
       and s.last_used_at > case when s.cookie then ${idleSince(true, now)}::timestamptz else ${idleSince(false, now)}::timestamptz end
    union all
    select t.id, u.platform_administrator from api_tokens t join users u on u.id = t.user_id and u.deleted_at is null
     where t.id = any(${ids}::uuid[]) and (t.expires_at is null or t.expires_at > ${now})`.execute(db);
  return rows;
}

/** Which daemons fell silent for so long since a moment that they count as dead, and the moment of this look. */
export async function fallenSilent(
  db: Db,
  since: string | undefined,
): Promise<{ now: string; plants: number[]; gateways: boolean }> {
  const died = sql<boolean>`seen_at <= now() - ${DEAD_AFTER_MS} * interval '1 ms'
    and seen_at > ${since ?? null}::timestamptz - ${DEAD_AFTER_MS} * interval '1 ms'`;
  const { rows } = await sql<{ now: string; plants: number[]; gateways: boolean }>`
    select now()::text as now,
           (select coalesce(array_agg(plant_no), '{}') from agent_status where ${died}) as plants,
           exists (select from gateway_status where ${died}) as gateways`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a select without a table has a row');
  return row;
}
