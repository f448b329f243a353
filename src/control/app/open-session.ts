import type { Clock } from '../../net/clock.ts';
import type { Db, Tx } from '../../store/db.ts';
import type { SessionFactor } from '../../store/schema.ts';
import { insertSession } from '../../store/sessions.ts';
import type { NewSessionJson, UserJson } from '../../wire/rest/sessions.ts';
import { newSecret } from '../secret.ts';

/** How long a session lives, however much it is used. */
const SESSION_MS = 7 * 24 * 60 * 60 * 1000;

/** Where a request comes from. */
export interface Client {
  readonly source: string;
  readonly userAgent: string;
}

/** How a session is opened. */
export interface Opening {
  /** A browser holds it: hand the token over with `http/session-cookie`. */
  readonly cookie?: boolean;
  /** What was proved besides the password. */
  readonly secondFactor?: SessionFactor;
}

/** A session with its secret, which is nowhere else. */
export interface OpenedSession extends NewSessionJson {
  readonly id: string;
  readonly cookie: boolean;
}

/**
 * Opens a session for a user who has just proved who it is, by whatever way: password, invitation, reset or provider. `db` may be
 * the transaction that made the account. Its secret is always a new one, so that none from before signing in lives on.
 */
export async function openSession(
  { db, clock }: { readonly db: Db | Tx; readonly clock: Clock },
  { id: userId, email, name }: UserJson,
  client: Client,
  { cookie = false, secondFactor = 'none' }: Opening = {},
): Promise<OpenedSession> {
  const now = new Date(clock.now());
  const expiresAt = new Date(now.getTime() + SESSION_MS);
  const { secret, hash } = newSecret('session');
  const id = await insertSession(db, { userId, hash, expiresAt, now, cookie, secondFactor, ...client });
  return { id, cookie, token: secret, expiresAt: expiresAt.toISOString(), user: { id: userId, email, name } };
}
