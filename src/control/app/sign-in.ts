import { insertEvent } from '../../store/account-events.ts';
import { endChallenge, tryChallenge } from '../../store/challenges.ts';
import { findForSignIn, findUser } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { ChallengeInput, SignInInput } from '../../wire/rest/sessions.ts';
import type { Deps } from '../deps.ts';
import { checkPassword } from '../password.ts';
import { hashSecret } from '../secret.ts';
import { countCode, countSignIn, forgiveSignIn } from './attempts.ts';
import { type Challenged, type Client, type OpenedSession, admit, openSession } from './open-session.ts';
import { notify } from './send-mail.ts';
import { acceptCode, wrongCode } from './prove.ts';

/** Codes that one challenge takes. */
const CODES = 5;

/**
 * Signs in with address and password. Unknown addresses and wrong passwords get one answer and cost the same (USR-2). Where a second
 * factor is in force the answer is a challenge, and the attempt counts until it is passed.
 */
export async function signIn(
  deps: Deps,
  { email, password, cookie }: SignInInput,
  client: Client,
): Promise<OpenedSession | Challenged> {
  await countSignIn(deps, email, client);
  const user = await findForSignIn(deps.db, email);
  if (!(await checkPassword(password, user?.passwordHash ?? null)) || user === undefined) {
    throw new Problem('wrong-credentials', 'No account has this address and password. Check both.');
  }
  const admitted = await admit(deps, user, client, { cookie });
  if (!('challenge' in admitted)) await forgiveSignIn(deps, email, client);
  return admitted;
}

/**
 * Ends a challenge with a code or the recovery code, and opens the session. Refuses with `wrong-code`, and with `challenge-invalid`
 * what is unknown, over, or was tried too often.
 */
export async function passChallenge(deps: Deps, input: ChallengeInput, client: Client): Promise<OpenedSession> {
  const now = new Date(deps.clock.now());
  const hash = hashSecret(input.challenge);
  const userId = await tryChallenge(deps.db, hash, CODES, now);
  const user = userId === undefined ? undefined : await findUser(deps.db, userId);
  if (user === undefined) throw over();
  const forgive = await countCode(deps, user.email, client);
  const secondFactor = await acceptCode(deps, user.id, input.code);
  if (secondFactor === undefined) throw wrongCode();
  if (!(await endChallenge(deps.db, hash))) throw over();
  forgive();
  await forgiveSignIn(deps, user.email, client);
  if (secondFactor === 'recovery') {
    const { source } = client;
    await insertEvent(deps.db, { kind: 'second-factor-recovered', userId: user.id, actorId: user.id, source }, now);
    notify(
      deps,
      user.id,
      'Your recovery code was used',
      'Somebody signed in with it. Your second factor is off: set it up anew.',
    );
  }
  return openSession(deps, user, client, { cookie: input.cookie, secondFactor });
}

function over(): Problem {
  return new Problem('challenge-invalid', 'It took too long, or too many codes were wrong. Sign in again.');
}
