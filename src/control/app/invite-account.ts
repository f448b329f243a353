import { insertAccount, accountOf } from '../../store/members.ts';
import type { Tx } from '../../store/db.ts';
import { replaceInvitation } from '../../store/invitations.ts';
import { newSecret } from '../secret.ts';

/** How long an invitation can be accepted. */
const INVITATION_DAYS = 7;

/** An account that was invited. The token is there when the account waits for its first password. */
export interface Invited {
  readonly userId: string;
  readonly invitationToken?: string;
}

/**
 * Finds the account of an address, or makes it. One that nobody ever signed in with, and that no other organization
 * knows, gets a fresh invitation in place of a former one: an invitation that was lost or expired can be repeated, and no
 * organization can take over an account that another one invited.
 */
export async function inviteAccount(
  tx: Tx,
  organizationId: string,
  person: { readonly email: string; readonly name: string },
  now: Date,
): Promise<Invited> {
  const account = await accountOf(tx, person.email, organizationId);
  if (account !== undefined && !account.unclaimed) return { userId: account.userId };
  const userId = account?.userId ?? (await insertAccount(tx, person.email, person.name));
  const { secret, hash } = newSecret('invitation');
  await replaceInvitation(tx, userId, hash, new Date(now.getTime() + INVITATION_DAYS * 24 * 3600 * 1000));
  return { userId, invitationToken: secret };
}
