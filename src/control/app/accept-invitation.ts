import { isRedeemable, redeemInvitation } from '../../store/invitations.ts';
import { findUser } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { AcceptInput } from '../../wire/rest/members.ts';
import type { Deps } from '../deps.ts';
import { hashPassword } from '../password.ts';
import { hashSecret } from '../secret.ts';
import { type Client, type OpenedSession, openSession } from './open-session.ts';

/**
 * Takes an invitation up: sets the password, and the name when one is given, and signs in. Refuses with
 * `invitation-invalid`, and one sentence for all reasons, what is unknown, used or expired (USR-2).
 */
export async function acceptInvitation(deps: Deps, input: AcceptInput, client: Client): Promise<OpenedSession> {
  const now = new Date(deps.clock.now());
  const token = hashSecret(input.token);
  if (!(await isRedeemable(deps.db, token, now))) throw invalid();
  const account = { passwordHash: await hashPassword(input.password), name: input.name };
  return deps.db.transaction().execute(async (tx) => {
    const userId = await redeemInvitation(tx, token, account, now);
    const user = userId === undefined ? undefined : await findUser(tx, userId);
    if (user === undefined) throw invalid();
    return openSession({ db: tx, clock: deps.clock }, user, client, { cookie: input.cookie });
  });
}

function invalid(): Problem {
  return new Problem(
    'invitation-invalid',
    'Ask who invited you for a new invitation, or sign in if you have a password.',
  );
}
