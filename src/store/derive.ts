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

/** How many users are compared by one statement: some ten thousand pairs, which fit into little memory. */
const COMPARED = 500;

/** What one correction takes on: the lock of all changes is free again after some ten milliseconds. */
const CORRECTED = { users: 50, pairs: 2000 } as const;

/**
 * The periodic verification (VPN-6): the same derivation for everybody. Compares piece by piece and without the revision
 * lock: when nothing is to be corrected it writes nothing and takes no revision. Who differs is derived anew, few at a time,
 * so that other changes pass in between. Each pair it corrects is recorded in `corrections`. Returns the revision of the
 * last correction, if there was one.
 */
export async function verify(db: Db): Promise<Derived & { readonly revision: number | undefined }> {
  let done: Derived & { readonly revision: number | undefined } = { added: 0, removed: 0, revision: undefined };
  for (const piece of await pieces(db)) {
    for (const users of batches(await differing(db, piece))) {
      const { revision, value } = await change(db, (tx, taken) => correct(tx, taken, { users }, record(taken)));
      done = { added: done.added + value.added, removed: done.removed + value.removed, revision };
    }
  }
  return done;
}

/** The ids behind the first up to the last. */
interface Piece {
  readonly behind: string;
  readonly upTo: string;
}

/** Nobody's id, and the last of all. */
const [NIL, LAST] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** Cuts all ids that there can be into pieces with equally many users. */
async function pieces(db: Db): Promise<Piece[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (select id, row_number() over (order by id) as place from users) u
     where place % ${COMPARED} = 0 order by id`.execute(db);
  const ends = [...rows.map(({ id }) => id), LAST];
  return ends.map((upTo, index) => ({ behind: ends[index - 1] ?? NIL, upTo }));
}

interface Differing {
  readonly userId: string;
  /** How many pairs are missing or too many. */
  readonly pairs: number;
}

/** Whose reach is not what it must be. One statement, so of one moment. */
async function differing(db: Db, { behind, upTo }: Piece): Promise<Differing[]> {
  const isIn = sql`user_id > ${behind} and user_id <= ${upTo}`;
  const { rows } = await sql<Differing>`
    select user_id as "userId", count(*) as pairs
      from (${odd(sql`select user_id, plant_no from reach_wanted where ${isIn}`, isIn)}) odd
     group by user_id order by user_id`.execute(db);
  return rows;
}

function* batches(differing: readonly Differing[]): Generator<readonly string[]> {
  let [users, pairs]: [string[], number] = [[], 0];
  for (const next of differing) {
    if (users.length >= CORRECTED.users || (users.length > 0 && pairs + next.pairs > CORRECTED.pairs)) {
      yield users;
      [users, pairs] = [[], 0];
    }
    users.push(next.userId);
    pairs += next.pairs;
  }
  if (users.length > 0) yield users;
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
 * One statement, so that the view is evaluated once and the change notes of a kind are written by one insert. Rows are
 * deleted by their place: a join with `reach` would read all of it when the planner expects many.
 */
async function correct(tx: Tx, revision: number, scope: Scope, further: RawBuilder<unknown>): Promise<Derived> {
  const { rows } = await sql<Derived>`
    with odd as materialized (${odd(wantedIn(scope), reachIn(scope))}),
    removed as (
      delete from reach where ctid = any(array(select held from odd where held is not null))
      returning user_id, plant_no),
    added as (
      insert into reach (user_id, plant_no, since)
      select user_id, plant_no, ${revision}::bigint from odd where held is null
      on conflict (user_id, plant_no) do nothing
      returning user_id, plant_no)
    ${further}
    select (select count(*) from added) as added, (select count(*) from removed) as removed`.execute(tx);
  return rows[0] ?? { added: 0, removed: 0 };
}

/**
 * The pairs that only one side has: `held` is the row's place in `reach`, or null for one that is wanted. Either side has a
 * pair at most once. Grouping is linear whatever the planner believes of a table that is just filling.
 */
function odd(wanted: RawBuilder<unknown>, held: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select user_id, plant_no, max(held) as held
      from (select w.user_id, w.plant_no, null::tid as held from (${wanted}) w
            union all select user_id, plant_no, ctid from reach where ${held}) pairs
     group by user_id, plant_no having count(*) = 1`;
}

/** A union, not an "or": each branch then goes down to the indexes of the sources on its own. */
function wantedIn(scope: Scope): RawBuilder<unknown> {
  const wanted = sql`select user_id, plant_no from reach_wanted`;
  if (scope === 'all') return wanted;
  const byUser = sql`${wanted} where ${isUser(scope.users ?? [])}`;
  const byPlant = sql`${wanted} where plant_no = any(${scope.plants ?? []}::int[])`;
  if (scope.plants === undefined) return byUser;
  return scope.users === undefined ? byPlant : sql`${byUser} union ${byPlant}`;
}

function reachIn(scope: Scope): RawBuilder<unknown> {
  if (scope === 'all') return sql`true`;
  return sql`(${isUser(scope.users ?? [])} or plant_no = any(${scope.plants ?? []}::int[]))`;
}

/** One user by equality: the planner knows then that certificate and account are of that user, and reads no other. */
function isUser(users: readonly string[]): RawBuilder<unknown> {
  const [only] = users;
  return only !== undefined && users.length === 1 ? sql`user_id = ${only}::uuid` : sql`user_id = any(${users}::uuid[])`;
}
