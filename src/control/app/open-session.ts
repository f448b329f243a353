import type { Clock } from '../../net/clock.ts';
import type { Db, Tx } from '../../store/db.ts';
import type { SessionFactor } from '../../store/schema.ts';
import { insertChallenge } from '../../store/challenges.ts';
import { remember } from '../../store/familiar.ts';
import { readSecondFactor } from '../../store/second-factors.ts';
import { insertSession } from '../../store/sessions.ts';
import type { NewSessionJson, UserJson } from '../../wire/rest/sessions.ts';
import { newSecret } from '../secret.ts';
import { keysOf } from './client-keys.ts';

/** How long a session lives, however much it is used. */
const SESSION_MS = 7 * 24 * 60 * 60 * 1000;

/** How long a code is waited for. */
const CHALLENGE_MS = 5 * 60 * 1000;

/** Where a request comes from. */
export interface Client {
  readonly source: string;
  readonly userAgent: string;
  /** What the browser kept of an earlier sign-in, see `attempts`. */
  readonly device?: string | undefined;
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
  /** What the browser is to be known by from now on. */
  readonly device: string | undefined;
}

/** Somebody who gave the right password and owes a code: see `pass-challenge`. */
export interface Challenged {
  readonly challenge: string;
  readonly expiresAt: string;
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
  const { source, userAgent } = client;
  const id = await insertSession(db, { userId, hash, expiresAt, now, cookie, secondFactor, source, userAgent });
  const device = cookie ? (client.device ?? newSecret('device').secret) : undefined;
  const keys = keysOf({ ...client, device });
  await remember(
    db,
    userId,
    keys.filter((key) => key !== undefined),
    now,
  );
  const user = { id: userId, email, name };
  return { id, cookie, device, token: secret, expiresAt: expiresAt.toISOString(), user };
}

/**
 * Lets a user in who has just proved who it is by one factor: opens a session, or asks for a code when a second factor is in force.
 * Whoever signs somebody in, by password or by provider, calls this.
 */
export async function admit(
  { db, clock }: { readonly db: Db | Tx; readonly clock: Clock },
  user: UserJson,
  client: Client,
  opening: Pick<Opening, 'cookie'>,
): Promise<OpenedSession | Challenged> {
  if ((await readSecondFactor(db, user.id)) === undefined) return openSession({ db, clock }, user, client, opening);
  const { secret, hash } = newSecret('challenge');
  const expiresAt = new Date(clock.now() + CHALLENGE_MS);
  await insertChallenge(db, { hash, userId: user.id, expiresAt });
  return { challenge: secret, expiresAt: expiresAt.toISOString() };
}
