/** Proving again who one is, before something that a stolen session must not be able to do. */
import { readSecondFactor, spendRecoveryCode, spendStep } from '../../store/second-factors.ts';
import type { SessionFactor } from '../../store/schema.ts';
import { passwordHashOf } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { Actor, Via } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { checkPassword } from '../password.ts';
import { notAllowed } from '../refuse.ts';
import { hashSecret } from '../secret.ts';
import { plainRecoveryCode, stepOfCode, unsealTotp } from '../totp.ts';
import { countProof } from './attempts.ts';

/** How long after signing in nobody is asked for the password again. */
const FRESH_MS = 10 * 60 * 1000;

/** The session that the actor came with. Refuses API tokens: an account is changed by the person alone. */
export function sessionOf(actor: Actor): Extract<Via, { kind: 'session' }> {
  if (actor.via.kind === 'session') return actor.via;
  throw notAllowed('An API token cannot change the account it belongs to. Sign in.');
}

/**
 * Demands the password of whoever is signed in. An account without one (its people sign in with a provider) has to have signed in just
 * now instead.
 */
export async function demandPassword(deps: Deps, actor: Actor, password: string | undefined): Promise<void> {
  const session = sessionOf(actor);
  const expected = await passwordHashOf(deps.db, actor.userId);
  if (expected === null) return demandFresh(deps, session);
  const forgive = countProof(deps, actor.userId, session.id);
  if (!(await checkPassword(password ?? '', expected))) {
    throw new Problem('wrong-password', 'Type the password that you sign in with.');
  }
  forgive();
}

/** Demands the password, unless the person signed in just now. */
export async function demandRecent(deps: Deps, actor: Actor, password: string | undefined): Promise<void> {
  const { createdAt } = sessionOf(actor);
  if (password === undefined && deps.clock.now() - createdAt.getTime() < FRESH_MS) return;
  await demandPassword(deps, actor, password);
}

/** Demands a code where a second factor is in force. */
export async function demandCode(deps: Deps, actor: Actor, code: string | undefined): Promise<void> {
  if ((await readSecondFactor(deps.db, actor.userId)) === undefined) return;
  const forgive = countProof(deps, actor.userId, sessionOf(actor).id);
  if ((await acceptCode(deps, actor.userId, code ?? '')) === undefined) throw wrongCode();
  forgive();
}

/**
 * Spends a code, or the recovery code, which takes the second factor with it: the person lost what makes codes and has to set it up
 * anew. Returns which it was, or undefined when it was wrong or spent.
 */
export async function acceptCode(
  deps: Deps,
  userId: string,
  code: string,
): Promise<Exclude<SessionFactor, 'none'> | undefined> {
  const factor = await readSecondFactor(deps.db, userId);
  if (factor === undefined) return undefined;
  const secret = unsealTotp(deps.masterKey, userId, factor.sealedSecret);
  const step = stepOfCode(secret, code, deps.clock.now(), factor.lastStep);
  if (step !== undefined) return (await spendStep(deps.db, userId, step)) ? 'code' : undefined;
  const recovered = await spendRecoveryCode(deps.db, userId, hashSecret(plainRecoveryCode(code)));
  return recovered ? 'recovery' : undefined;
}

/** The one refusal of a code, whatever is wrong with it. */
export function wrongCode(): Problem {
  return new Problem(
    'wrong-code',
    'The code is wrong or was used. Wait for the next one, or check the clock of the phone.',
  );
}

function demandFresh({ clock }: Deps, { createdAt }: { readonly createdAt: Date }): void {
  if (clock.now() - createdAt.getTime() < FRESH_MS) return;
  throw new Problem('wrong-password', 'Your account has no password. Sign in again, and do this within ten minutes.');
}
