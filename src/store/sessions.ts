import type { Db, Tx } from './db.ts';

/** How stale `last_used_at` may be: most requests cost no write. */
const USED_EVERY_MS = 60_000;

/** Whose session it is. */
export interface SessionOwner {
  readonly id: string;
  readonly userId: string;
  readonly platformAdministrator: boolean;
}

/** Stores a new session. Returns its id. */
export async function insertSession(
  db: Db | Tx,
  session: { userId: string; hash: Buffer; expiresAt: Date; source: string; userAgent: string; now: Date },
): Promise<string> {
  const row = await db
    .insertInto('sessions')
    .values({
      user_id: session.userId,
      token_hash: session.hash,
      created_at: session.now,
      last_used_at: session.now,
      expires_at: session.expiresAt,
      source: session.source,
      user_agent: session.userAgent,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The live session with this hash, of a user who is not deleted. */
export async function findSession(db: Db, hash: Buffer, now: Date): Promise<SessionOwner | undefined> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.last_used_at', 'users.id as userId', 'users.platform_administrator'])
    .where('sessions.token_hash', '=', hash)
    .where('sessions.expires_at', '>', now)
    .where('users.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (now.getTime() - row.last_used_at.getTime() > USED_EVERY_MS) {
    await db.updateTable('sessions').set({ last_used_at: now }).where('id', '=', row.id).execute();
  }
  return { id: row.id, userId: row.userId, platformAdministrator: row.platform_administrator };
}

/** Ends one session of a user. */
export async function deleteSession(db: Db | Tx, userId: string, id: string): Promise<void> {
  await db.deleteFrom('sessions').where('user_id', '=', userId).where('id', '=', id).execute();
}
