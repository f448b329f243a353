/** What a person signed in with before: devices and networks. Who guesses from elsewhere does not lock them out (USR-2). */
import { sql } from 'kysely';
import type { Db, Tx } from './db.ts';

/** Which of the keys the account of an address is familiar with. An address without an account costs the same. */
export async function familiarTo(db: Db, email: string, keys: readonly Buffer[]): Promise<Buffer[]> {
  const rows = await db
    .selectFrom('familiar as f')
    .innerJoin('users as u', 'u.id', 'f.user_id')
    .select('f.key')
    .where(sql`lower(u.email)`, '=', email.toLowerCase())
    .where('u.deleted_at', 'is', null)
    .where('f.key', 'in', [...keys])
    .execute();
  return rows.map(({ key }) => key);
}

/** Remembers what somebody signed in with. */
export async function remember(db: Db | Tx, userId: string, keys: readonly Buffer[], now: Date): Promise<void> {
  await db
    .insertInto('familiar')
    .values(keys.map((key) => ({ user_id: userId, key, last_used_at: now })))
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet({ last_used_at: now }))
    .execute();
}
