import { sql } from 'kysely';
import type { Db, Tx } from './db.ts';
import type { Window } from './page.ts';
import type { SessionFactor } from './schema.ts';

/** How stale `last_used_at` may be: most requests cost no write. */
const USED_EVERY_MS = 60_000;

/**
 * How long a session lives without being used. In a browser less: others may sit down at it. Both end for good at their
 * `expires_at`.
 */
const IDLE_HOURS = { browser: 12, bearer: 72 } as const;
const HOUR_MS = 3600 * 1000;

/** A live session and whose it is. */
export interface SessionOwner {
  readonly id: string;
  readonly cookie: boolean;
  readonly secondFactor: SessionFactor;
  readonly createdAt: Date;
  /** When it ends unless it is used. */
  readonly idleUntil: Date;
  /** When it ends, used or not. */
  readonly expiresAt: Date;
  readonly userId: string;
  readonly platformAdministrator: boolean;
}

/** Stores a new session. Returns its id. */
export async function insertSession(
  db: Db | Tx,
  session: {
    userId: string;
    hash: Buffer;
    expiresAt: Date;
    source: string;
    userAgent: string;
    cookie: boolean;
    secondFactor: SessionFactor;
    now: Date;
  },
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
      cookie: session.cookie,
      second_factor: session.secondFactor,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/**
 * The live session with this hash, of a user who is not deleted. `cookie` says how its secret came: it opens nothing when it came
 * another way than it was given.
 */
export async function findSession(db: Db, hash: Buffer, cookie: boolean, now: Date): Promise<SessionOwner | undefined> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id',
      'sessions.last_used_at as lastUsedAt',
      'sessions.created_at as createdAt',
      'sessions.expires_at as expiresAt',
      'sessions.second_factor as secondFactor',
      'users.id as userId',
      'users.platform_administrator as platformAdministrator',
    ])
    .where('sessions.token_hash', '=', hash)
    .where('sessions.cookie', '=', cookie)
    .where('sessions.expires_at', '>', now)
    .where('sessions.last_used_at', '>', idleSince(cookie, now))
    .where('users.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { lastUsedAt, ...session } = row;
  const isStale = now.getTime() - lastUsedAt.getTime() > USED_EVERY_MS;
  if (isStale) await db.updateTable('sessions').set({ last_used_at: now }).where('id', '=', row.id).execute();
  return { ...session, cookie, idleUntil: idleUntil(cookie, isStale ? now : lastUsedAt, row.expiresAt) };
}

/** When a session that was last used at a time ends unless it is used again. */
export function idleUntil(cookie: boolean, lastUsedAt: Date, expiresAt: Date): Date {
  const hours = cookie ? IDLE_HOURS.browser : IDLE_HOURS.bearer;
  return new Date(Math.min(lastUsedAt.getTime() + hours * HOUR_MS, expiresAt.getTime()));
}

/** A session that was last used before ended by that, unless it ends earlier for good. */
export function idleSince(cookie: boolean, now: Date): Date {
  return new Date(now.getTime() - (cookie ? IDLE_HOURS.browser : IDLE_HOURS.bearer) * HOUR_MS);
}

/** Ends one session of a user. Returns whether there was one. */
export async function deleteSession(db: Db | Tx, userId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all sessions of a user but one, or all. `proved` is noted on the one that stays, when something was proved with it. */
export async function deleteOtherSessions(
  db: Db | Tx,
  userId: string,
  keep: string | undefined,
  proved?: SessionFactor,
): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .$if(keep !== undefined, (query) => query.where('id', '<>', keep ?? ''))
    .execute();
  if (keep === undefined || proved === undefined) return;
  await db.updateTable('sessions').set({ second_factor: proved }).where('id', '=', keep).execute();
}

/** A session as its owner sees it. */
export interface SessionRow {
  readonly id: string;
  readonly cookie: boolean;
  readonly source: string | null;
  readonly userAgent: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  /** Its place in the list. */
  readonly key: string;
}

/** A user's live sessions, the latest first. */
export async function listSessions(db: Db, userId: string, now: Date, window: Window): Promise<SessionRow[]> {
  const [created = null, id = null] = window.after ?? [];
  const { rows } = await sql<SessionRow>`
    select id, cookie, host(source) as source, user_agent as "userAgent", created_at as "createdAt",
           last_used_at as "lastUsedAt", expires_at as "expiresAt", created_at::text as key
      from sessions
     where user_id = ${userId} and expires_at > ${now}
       and last_used_at > case when cookie then ${idleSince(true, now)}::timestamptz else ${idleSince(false, now)}::timestamptz end
       and (${created}::timestamptz is null or (created_at, id) < (${created}::timestamptz, ${id}::uuid))
     order by created_at desc, id desc limit ${window.limit}`.execute(db);
  return rows;
}
