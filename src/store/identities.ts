/** Identities: which person at a sign-in provider is which user. */
import { insertEvent } from './account-events.ts';
import type { Db, Tx } from './db.ts';
import type { UserRow } from './users.ts';

export interface IdentityRow {
  readonly id: string;
  readonly issuer: string;
  readonly email: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** A person as the provider knows them. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
}

/** The live user of an identity, which is noted as used. */
export async function useIdentity(
  db: Db,
  { issuer, subject, email }: Subject,
  now: Date,
): Promise<UserRow | undefined> {
  return db
    .updateTable('identities as i')
    .from('users as u')
    .set({ last_used_at: now, email })
    .whereRef('u.id', '=', 'i.user_id')
    .where('u.deleted_at', 'is', null)
    .where('i.issuer', '=', issuer)
    .where('i.subject', '=', subject)
    .returning(['u.id', 'u.email', 'u.name', 'u.platform_administrator as platformAdministrator'])
    .executeTakeFirst();
}

/**
 * Links an identity to a user, unless it is somebody's or the user has another one of this provider. Returns whether it did, which is
 * told among the account's events. An open
 * invitation of the user is used up: they have a way in.
 */
export async function linkIdentity(
  tx: Tx,
  userId: string,
  { issuer, subject, email }: Subject,
  now: Date,
): Promise<boolean> {
  const row = await tx
    .insertInto('identities')
    .values({ user_id: userId, issuer, subject, email, created_at: now, last_used_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx
    .updateTable('invitations')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute();
  await insertEvent(tx, { kind: 'identity-linked', userId, actorId: userId }, now);
  return true;
}

/** A user's own identities, oldest first. */
export async function listIdentities(db: Db | Tx, userId: string): Promise<IdentityRow[]> {
  return db
    .selectFrom('identities')
    .select(['id', 'issuer', 'email', 'created_at as createdAt', 'last_used_at as lastUsedAt'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute();
}

/** Takes an identity off a user, which is told among the account's events. Returns whether the user had it. */
export async function deleteIdentity(tx: Tx, userId: string, id: string, now: Date): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('identities')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  await insertEvent(tx, { kind: 'identity-unlinked', userId, actorId: userId }, now);
  return true;
}

/** Whether a user has a password; locks the user, so that of two who take the last way in one is refused. */
export async function lockPassword(tx: Tx, userId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined && row.password_hash !== null;
}

/** Whether a session lives and is this user's. */
export async function isLiveSession(db: Db, userId: string, sessionId: string, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.id')
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where('sessions.expires_at', '>', now)
    .where('users.deleted_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
