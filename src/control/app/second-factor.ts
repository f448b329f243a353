/** Setting up, replacing and turning off one's second factor (USR-1). */
import { insertEvent } from '../../store/account-events.ts';
import {
  completeSetup,
  deleteSecondFactor,
  putSetup,
  readSecondFactor,
  readSetup,
} from '../../store/second-factors.ts';
import { deleteOtherSessions } from '../../store/sessions.ts';
import { findUser } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { ProofInput } from '../../wire/rest/second-factor.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { hashSecret } from '../secret.ts';
import {
  newRecoveryCode,
  newTotpSecret,
  plainRecoveryCode,
  sealTotp,
  stepOfCode,
  totpUri,
  unsealTotp,
} from '../totp.ts';
import { countProof } from './attempts.ts';
import { notify } from './send-mail.ts';
import { demandCode, demandPassword, demandRecent, sessionOf, wrongCode } from './prove.ts';

const SETUP_MS = 15 * 60 * 1000;

/** A secret that is not in force before a code of it arrives. */
export interface Setup {
  readonly secret: string;
  readonly uri: string;
  readonly expiresAt: Date;
}

/**
 * Begins a setup and returns its secret, once. The first takes the password unless the person signed in just now; replacing one takes
 * the password and a code of the one in force, which stays so until the new one is confirmed.
 */
export async function startSecondFactor(deps: Deps, actor: Actor, proof: ProofInput): Promise<Setup> {
  sessionOf(actor);
  const { email } = found(await findUser(deps.db, actor.userId), 'user');
  if ((await readSecondFactor(deps.db, actor.userId)) === undefined) await demandRecent(deps, actor, proof.password);
  else await demandBoth(deps, actor, proof);
  const secret = newTotpSecret();
  const expiresAt = new Date(deps.clock.now() + SETUP_MS);
  await putSetup(deps.db, actor.userId, sealTotp(deps.masterKey, actor.userId, secret), expiresAt);
  return { secret, uri: totpUri(secret, email), expiresAt };
}

/**
 * Puts the begun setup into force when the code is of its secret, ends all other sessions, and returns the recovery code, once.
 * Refuses with `second-factor-state` when none was begun.
 */
export async function confirmSecondFactor(deps: Deps, actor: Actor, code: string): Promise<string> {
  const session = sessionOf(actor);
  const now = new Date(deps.clock.now());
  const sealedSecret = await readSetup(deps.db, actor.userId, now);
  if (sealedSecret === undefined) throw noSetup();
  const forgive = countProof(deps, actor.userId, session.id);
  const step = stepOfCode(unsealTotp(deps.masterKey, actor.userId, sealedSecret), code, deps.clock.now(), 0);
  if (step === undefined) throw wrongCode();
  forgive();
  const recoveryCode = newRecoveryCode();
  const recoveryHash = hashSecret(plainRecoveryCode(recoveryCode));
  await deps.db.transaction().execute(async (tx) => {
    if (!(await completeSetup(tx, actor.userId, { sealedSecret, step, recoveryHash }))) throw noSetup();
    await deleteOtherSessions(tx, actor.userId, session.id, 'code');
    await insertEvent(tx, { kind: 'second-factor-on', userId: actor.userId, actorId: actor.userId }, now);
  });
  notify(
    deps,
    actor.userId,
    'Your second factor is on',
    'From now on signing in to Parkway takes a code of your phone.',
  );
  return recoveryCode;
}

/** Turns the second factor off. Takes the password and a code. */
export async function turnOffSecondFactor(deps: Deps, actor: Actor, proof: ProofInput): Promise<void> {
  sessionOf(actor);
  if ((await readSecondFactor(deps.db, actor.userId)) === undefined) {
    throw new Problem('second-factor-state', 'There is none. Nothing is to be done.');
  }
  await demandBoth(deps, actor, proof);
  const now = new Date(deps.clock.now());
  await deps.db.transaction().execute(async (tx) => {
    await deleteSecondFactor(tx, actor.userId);
    await insertEvent(tx, { kind: 'second-factor-off', userId: actor.userId, actorId: actor.userId }, now);
  });
  notify(
    deps,
    actor.userId,
    'Your second factor is off',
    'Signing in to Parkway takes your password alone from now on.',
  );
}

async function demandBoth(deps: Deps, actor: Actor, proof: ProofInput): Promise<void> {
  await demandPassword(deps, actor, proof.password);
  await demandCode(deps, actor, proof.code);
}

function noSetup(): Problem {
  return new Problem(
    'second-factor-state',
    'No setup is under way. Begin one, and type a code of it within 15 minutes.',
  );
}
