import { sql } from 'kysely';
import type { Db } from './db.ts';

/** How long an attempt may take before its key is free for the next one: its process has died. */
const ATTEMPT_MS = 60_000;

/** How long an answer is kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** What claiming a key found. */
export type Claimed =
  | { readonly kind: 'claimed' | 'running' | 'other-request' }
  | { readonly kind: 'answered'; readonly status: number; readonly answer: unknown };

/** Claims a key for the request with this hash, or says why not. Two claims at the same moment: one wins. */
export async function claimKey(db: Db, userId: string, key: string, hash: Buffer, now: Date): Promise<Claimed> {
  const stale = new Date(now.getTime() - ATTEMPT_MS);
  const kept = new Date(now.getTime() - KEPT_MS);
  const claimed = await db
    .insertInto('idempotency_keys')
    .values({ user_id: userId, key, request_hash: hash, created_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'key'])
        .doUpdateSet({ request_hash: hash, created_at: now, status: null, body: null })
        .where((eb) =>
          eb.or([
            eb('idempotency_keys.created_at', '<', kept),
            eb.and([
              eb('idempotency_keys.status', 'is', null),
              eb('idempotency_keys.created_at', '<', stale),
              eb('idempotency_keys.request_hash', '=', hash),
            ]),
          ]),
        ),
    )
    .returning('key')
    .executeTakeFirst();
  if (claimed !== undefined) return { kind: 'claimed' };
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'status', 'body'])
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return { kind: 'running' };
  if (!row.request_hash.equals(hash)) return { kind: 'other-request' };
  return row.status === null ? { kind: 'running' } : { kind: 'answered', status: row.status, answer: row.body };
}

/** Keeps the answer of a claimed key; `answer` is what a repeated request may be told. */
export async function finishKey(db: Db, userId: string, key: string, status: number, answer: unknown): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ status, body: sql`${JSON.stringify(answer)}::jsonb` })
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .execute();
}

/** Gives a claimed key back: the attempt was refused and changed nothing. */
export async function abandonKey(db: Db, userId: string, key: string): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute();
}
