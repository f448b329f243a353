import { type RawBuilder, sql } from 'kysely';
import { change } from './change.ts';
import type { Db, Tx } from './db.ts';

/** What a change touches: user ids and plant numbers; both given mean the union. */
export type Scope = 'all' | { readonly users?: readonly string[]; readonly plants?: readonly number[] };

/** How many (user, plant) pairs came and went. */
export interface Derived {
  readonly added: number;
  readonly removed: number;
}

/**
 * Makes `reach` what `reach_wanted` says, within a scope (VPN-5). Call it in the transaction of every change of access,
 * after the change, with the users and plants it touches. Idempotent. Writes `since` = revision for what is new and leaves
 * what stays as it is, so that nobody's order of ownership moves (VPN-9).
 */
export async function derive(tx: Tx, revision: number, scope: Scope): Promise<Derived> {
  return correct(tx, revision, scope, sql``);
}

/**
 * The periodic verification (VPN-6): the same derivation for everybody. Compares first, in one snapshot and without the
 * revision lock: when nothing is to be corrected it writes nothing and takes no revision. Each pair it corrects is
 * recorded in `corrections`. Returns the revision of the correction, if there was one.
 */
export async function verify(db: Db): Promise<Derived & { readonly revision: number | undefined }> {
  const { rows } = await sql<{ differs: boolean }>`
    with wanted as materialized (select user_id, plant_no from reach_wanted)
    select exists (
      select from wanted w full join reach r on r.user_id = w.user_id and r.plant_no = w.plant_no
       where w.user_id is null or r.user_id is null) as differs`.execute(db);
  if (rows[0]?.differs !== true) return { added: 0, removed: 0, revision: undefined };
  const { revision, value } = await change(db, (tx, taken) => correct(tx, taken, 'all', record(taken)));
  return { ...value, revision };
}

/** Further parts of the statement of `correct` that write down what it did. */
function record(revision: number): RawBuilder<unknown> {
  return sql`, recorded as (
    insert into corrections (revision, kind, detail)
    select ${revision}::bigint, d.kind, jsonb_build_object('userId', d.user_id, 'plant', d.plant_no)
      from (select 'reach-removed' as kind, user_id, plant_no from removed
            union all select 'reach-added', user_id, plant_no from added) d)`;
}

/**
 * One statement, so that the view is evaluated once and the change notes of a kind are written by one insert. Differences are
 * taken by EXCEPT and by the primary key, which are linear whatever the planner believes of a table that is just filling.
 */
async function correct(tx: Tx, revision: number, scope: Scope, further: RawBuilder<unknown>): Promise<Derived> {
  const { rows } = await sql<Derived>`
    with wanted as materialized (${wantedIn(scope)}),
    removed as (
      delete from reach r
       using (select user_id, plant_no from reach r where ${reachIn(scope)}
              except select user_id, plant_no from wanted) gone
       where r.user_id = gone.user_id and r.plant_no = gone.plant_no
      returning r.user_id, r.plant_no),
    added as (
      insert into reach (user_id, plant_no, since)
      select user_id, plant_no, ${revision}::bigint from wanted
      on conflict (user_id, plant_no) do nothing
      returning user_id, plant_no)
    ${further}
    select (select count(*) from added) as added, (select count(*) from removed) as removed`.execute(tx);
  return rows[0] ?? { added: 0, removed: 0 };
}

/** A union, not an "or": each branch then goes down to the indexes of the sources on its own. */
function wantedIn(scope: Scope): RawBuilder<unknown> {
  if (scope === 'all') return sql`select user_id, plant_no from reach_wanted`;
  const byUser = sql`select user_id, plant_no from reach_wanted where user_id = any(${scope.users ?? []}::uuid[])`;
  const byPlant = sql`select user_id, plant_no from reach_wanted where plant_no = any(${scope.plants ?? []}::int[])`;
  if (scope.plants === undefined) return byUser;
  return scope.users === undefined ? byPlant : sql`${byUser} union ${byPlant}`;
}

function reachIn(scope: Scope): RawBuilder<unknown> {
  if (scope === 'all') return sql`true`;
  return sql`r.user_id = any(${scope.users ?? []}::uuid[]) or r.plant_no = any(${scope.plants ?? []}::int[])`;
}
