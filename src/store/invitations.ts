/** Invitations: how an account gets its first password. Only the hash of the token is kept. */
import type { Db, Tx } from './db.ts';

/** Replaces the invitations of an account by one. `tokenHash` is the SHA-256 of the token. */
export async function replaceInvitation(tx: Tx, userId: string, tokenHash: Buffer, expiresAt: Date): Promise<void> {
  await tx.deleteFrom('invitations').where('user_id', '=', userId).execute();
  await tx
    .insertInto('invitations')
    .values({ user_id: userId, token_hash: tokenHash, expires_at: expiresAt })
    .execute();
}

/** Takes back the invitations of an account that nobody claimed: another organization may have invited it since. */
export async function deleteInvitations(tx: Tx, userId: string): Promise<void> {
  await tx
    .deleteFrom('invitations')
    .where('user_id', '=', userId)
    .where((eb) => eb.not(eb.exists(eb.selectFrom('memberships').select('user_id').where('user_id', '=', userId))))
    .execute();
}

/** Whether an invitation could be redeemed now: asked before the costly hash of a password is made. */
export async function isRedeemable(db: Db, tokenHash: Buffer, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('invitations as i')
    .innerJoin('users as u', 'u.id', 'i.user_id')
    .select('i.id')
    .where('u.password_hash', 'is', null)
    .where('u.deleted_at', 'is', null)
    .where('i.token_hash', '=', tokenHash)
    .where('i.used_at', 'is', null)
    .where('i.expires_at', '>', now)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Uses an invitation up and sets the password of its account, in one statement: of two who try at once, one succeeds.
 * Returns the user's id, or undefined when the invitation is unknown, used, expired, or of an account that has a password
 * or is deleted.
 */
export async function redeemInvitation(
  db: Db,
  tokenHash: Buffer,
  account: { readonly passwordHash: string; readonly name: string | undefined },
  now: Date,
): Promise<string | undefined> {
  const row = await db
    .with('used', (cte) =>
      cte
        .updateTable('invitations as i')
        .from('users as u')
        .set({ used_at: now })
        .whereRef('u.id', '=', 'i.user_id')
        .where('u.password_hash', 'is', null)
        .where('u.deleted_at', 'is', null)
        .where('i.token_hash', '=', tokenHash)
        .where('i.used_at', 'is', null)
        .where('i.expires_at', '>', now)
        .returning('i.user_id'),
    )
    .updateTable('users')
    .from('used')
    .set({ password_hash: account.passwordHash, ...(account.name === undefined ? {} : { name: account.name }) })
    .whereRef('users.id', '=', 'used.user_id')
    .returning('users.id')
    .executeTakeFirst();
  return row?.id;
}
