/** How long is kept what only grows: reports of daemons and of the verification, and what is spent. */
import { sql } from 'kysely';
import type { Db } from './db.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Rows by table, the column that says how old one is, and the days it is kept. An enrolment token is valid for a day at most,
 * the answer to an idempotency key is kept for one, and a session that is over has no use; the others are for people who look.
 */
export const RETENTION = [
  { table: 'corrections', column: 'at', days: 90 },
  { table: 'limit_hits', column: 'at', days: 30 },
  { table: 'enrollment_tokens', column: 'created_at', days: 30 },
  { table: 'idempotency_keys', column: 'created_at', days: 1 },
  { table: 'sessions', column: 'expires_at', days: 0 },
  { table: 'sign_in_challenges', column: 'expires_at', days: 0 },
  { table: 'second_factor_setups', column: 'expires_at', days: 0 },
  { table: 'password_resets', column: 'expires_at', days: 0 },
  { table: 'familiar', column: 'last_used_at', days: 90 },
  { table: 'account_events', column: 'at', days: 730 },
] as const;

/** Rows per transaction: nobody waits for more than that. */
const PIECE = 5000;

/** Deletes what is older than it is kept, piece by piece. Returns how many rows went. `piece` is the size of one. */
export async function forgetOld(db: Db, now: Date, piece = PIECE): Promise<number> {
  let gone = 0;
  for (const { table, column, days } of RETENTION) {
    const before = new Date(now.getTime() - days * DAY_MS);
    gone += await deletePieces(db, { table, column, upTo: sql`${before}::timestamptz` }, piece);
  }
  return gone;
}

/** Which rows go: those whose column is not above a bound. The column has an index. */
export interface Doomed {
  readonly table: string;
  readonly column: string;
  readonly upTo: ReturnType<typeof sql>;
}

/** Deletes rows piece by piece, each in a transaction of its own, the oldest first. Returns how many. */
export async function deletePieces(db: Db, { table, column, upTo }: Doomed, piece = PIECE): Promise<number> {
  for (let gone = 0; ;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${sql.ref(column)} <= ${upTo}
         order by ${sql.ref(column)} limit ${piece}))`.execute(db);
    gone += Number(numAffectedRows);
    if (numAffectedRows < BigInt(piece)) return gone;
  }
}
