/** Whoever gave the right password and owes a code still. */
import type { Db, Tx } from './db.ts';

/** Remembers that somebody owes a code. */
export async function insertChallenge(
  db: Db | Tx,
  challenge: { readonly hash: Buffer; readonly userId: string; readonly expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('sign_in_challenges')
    .values({ token_hash: challenge.hash, user_id: challenge.userId, expires_at: challenge.expiresAt })
    .execute();
}

/** Counts an attempt at a challenge and returns whose it is; undefined when it is unknown, over, or tried `most` times. */
export async function tryChallenge(db: Db, hash: Buffer, most: number, now: Date): Promise<string | undefined> {
  const row = await db
    .updateTable('sign_in_challenges')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('token_hash', '=', hash)
    .where('attempts', '<', most)
    .where('expires_at', '>', now)
    .returning('user_id as userId')
    .executeTakeFirst();
  return row?.userId;
}

/** Ends a challenge. Of two who passed it at once, one gets true. */
export async function endChallenge(db: Db | Tx, hash: Buffer): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sign_in_challenges')
    .where('token_hash', '=', hash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all challenges of a user. */
export async function endChallenges(db: Db | Tx, userId: string): Promise<void> {
  await db.deleteFrom('sign_in_challenges').where('user_id', '=', userId).execute();
}
