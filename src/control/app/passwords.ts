/** Changing one's password, and getting another by a link (USR-1, USR-2). */
import { insertEvent } from '../../store/account-events.ts';
import { endChallenges } from '../../store/challenges.ts';
import type { Tx } from '../../store/db.ts';
import { deleteReset, isResetAlive, redeemReset, replaceReset } from '../../store/password-resets.ts';
import { deleteOtherSessions } from '../../store/sessions.ts';
import { findForSignIn, setPassword } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { PasswordInput, ResetInput } from '../../wire/rest/passwords.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { hashPassword } from '../password.ts';
import { hashSecret, newSecret } from '../secret.ts';
import { mayMail } from './attempts.ts';
import type { Client } from './open-session.ts';
import { demandPassword, sessionOf } from './prove.ts';
import { mailReset, notify } from './send-mail.ts';

const RESET_MS = 60 * 60 * 1000;

/** Changes one's password. Takes the current one; all other sessions end. */
export async function changePassword(deps: Deps, actor: Actor, input: PasswordInput): Promise<void> {
  const session = sessionOf(actor);
  await demandPassword(deps, actor, input.current);
  const passwordHash = await hashPassword(input.password);
  const now = new Date(deps.clock.now());
  await deps.db.transaction().execute(async (tx) => {
    await replacePassword(tx, actor.userId, passwordHash, session.id);
    await insertEvent(tx, { kind: 'password-changed', userId: actor.userId, actorId: actor.userId }, now);
  });
  notify(deps, actor.userId, 'Your password was changed', 'Your Parkway password was changed. Other sessions ended.');
}

/**
 * Mails a link to a new password, if the address has an account with one. The answer does not wait for any of it, so that neither its
 * words nor its time tell whether there is an account (USR-2). Refuses with `too-many-attempts` by the source alone.
 */
export function requestReset(deps: Deps, email: string, client: Client): void {
  if (mayMail(deps, email, client)) void sendReset(deps, email);
}

/** Makes a link to a new password for an account; a former one is dead. Returns the token, which is nowhere else. */
export async function makeReset(deps: Deps, userId: string): Promise<{ token: string; expiresAt: Date }> {
  const { secret, hash } = newSecret('reset');
  const expiresAt = new Date(deps.clock.now() + RESET_MS);
  await replaceReset(deps.db, userId, hash, expiresAt);
  return { token: secret, expiresAt };
}

/**
 * Sets a new password by a link, once. All sessions end; the second factor stays, and signing in asks for it. Refuses with
 * `reset-invalid` what is unknown, used or expired.
 */
export async function acceptReset(deps: Deps, { token, password }: ResetInput, client: Client): Promise<void> {
  const now = new Date(deps.clock.now());
  const hash = hashSecret(token);
  if (!(await isResetAlive(deps.db, hash, now))) throw invalid();
  const passwordHash = await hashPassword(password);
  const userId = await deps.db.transaction().execute(async (tx) => {
    const whose = await redeemReset(tx, hash, now);
    if (whose === undefined) throw invalid();
    await replacePassword(tx, whose, passwordHash, undefined);
    await insertEvent(tx, { kind: 'password-reset', userId: whose, actorId: null, source: client.source }, now);
    return whose;
  });
  notify(
    deps,
    userId,
    'Your password was changed',
    'Your Parkway password was set anew by a link. All sessions ended.',
  );
}

async function sendReset(deps: Deps, email: string): Promise<void> {
  try {
    const user = await findForSignIn(deps.db, email);
    if (user === undefined || user.passwordHash === null || deps.mail === undefined) return;
    const { token } = await makeReset(deps, user.id);
    await mailReset(deps, user.email, token);
  } catch (error) {
    deps.log.warn({ err: error }, 'no link to a new password was sent');
  }
}

/** Sets a password; what was opened or begun with the former one ends. */
async function replacePassword(tx: Tx, userId: string, passwordHash: string, keep: string | undefined): Promise<void> {
  await setPassword(tx, userId, passwordHash);
  await deleteOtherSessions(tx, userId, keep);
  await endChallenges(tx, userId);
  await deleteReset(tx, userId);
}

function invalid(): Problem {
  return new Problem('reset-invalid', 'Ask for another link, and open the latest one within an hour.');
}
