import { insertAccount, accountOf } from '../../store/members.ts';
import type { Tx } from '../../store/db.ts';
import { replaceInvitation } from '../../store/invitations.ts';
import { Problem } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import { newSecret } from '../secret.ts';
import { mailInvitation } from './send-mail.ts';

/** How long an invitation can be accepted. */
const INVITATION_DAYS = 7;

/** An invitation on its way: by mail, or with the token in the inviter's hands. */
export interface Sent extends Invited {
  readonly mailed: boolean;
}

/** An account that was invited. The token is there when the account waits for its first password. */
export interface Invited {
  readonly userId: string;
  readonly invitationToken?: string;
}

/** Mails an invitation where that is configured. The inviter gets the token only when no mail went out. */
export async function sendInvitation(
  deps: Deps,
  email: string,
  organization: string,
  { userId, invitationToken }: Invited,
): Promise<Sent> {
  if (invitationToken === undefined) return { userId, mailed: false };
  const mailed = await mailInvitation(deps, email, organization, invitationToken);
  return mailed ? { userId, mailed } : { userId, mailed, invitationToken };
}

/**
 * Finds the account of an address, or makes it. One that nobody ever signed in with gets a fresh invitation in place of a
 * former one: an invitation that was lost or expired can be repeated. While another organization's invitation is open the
 * address is refused with `invitation-pending`: the inviter holds the token, and who claims an account must not get with it
 * what somebody else gave to the address.
 */
export async function inviteAccount(
  tx: Tx,
  organizationId: string,
  person: { readonly email: string; readonly name: string },
  now: Date,
): Promise<Invited> {
  const account = await accountOf(tx, person.email, organizationId);
  if (account !== undefined && !account.unclaimed) return { userId: account.userId };
  if (account?.known === true) {
    throw new Problem(
      'invitation-pending',
      `${person.email} has an open invitation of another organization. Add the person when they have accepted it.`,
    );
  }
  const userId = account?.userId ?? (await insertAccount(tx, person.email, person.name));
  const { secret, hash } = newSecret('invitation');
  await replaceInvitation(tx, userId, hash, new Date(now.getTime() + INVITATION_DAYS * 24 * 3600 * 1000));
  return { userId, invitationToken: secret };
}
