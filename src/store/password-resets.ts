/** Links to a new password. Only the hash of the token is kept, and one link per account is alive. */
import type { Db, Tx } from './db.ts';

/** Makes a link the one of an account. */
export async function replaceReset(db: Db | Tx, userId: string, tokenHash: Buffer, expiresAt: Date): Promise<void> {
  const values = { token_hash: tokenHash, expires_at: expiresAt };
  await db
    .insertInto('password_resets')
    .values({ user_id: userId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
}

/** Whether a link could be used now: asked before the costly hash of a password is made. */
export async function isResetAlive(db: Db, tokenHash: Buffer, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('password_resets')
    .select('user_id')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row !== undefined;
}

/** Uses a link up. Returns whose it was; of two who try at once, one gets it. */
export async function redeemReset(tx: Tx, tokenHash: Buffer, now: Date): Promise<string | undefined> {
  const row = await tx
    .deleteFrom('password_resets')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .returning('user_id as userId')
    .executeTakeFirst();
  return row?.userId;
}

/** Forgets the link of an account. */
export async function deleteReset(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('password_resets').where('user_id', '=', userId).execute();
}
