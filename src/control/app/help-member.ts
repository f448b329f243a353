/** What an Administrator may do to the account of a member who is locked out (USR-4). */
import { insertEvent } from '../../store/account-events.ts';
import { endChallenges } from '../../store/challenges.ts';
import type { Db } from '../../store/db.ts';
import { readMember } from '../../store/members.ts';
import { deleteSecondFactor } from '../../store/second-factors.ts';
import { deleteOtherSessions } from '../../store/sessions.ts';
import { type UserRow, findUser, membershipsOf } from '../../store/users.ts';
import type { Actor } from '../actor.ts';
import { inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found, notAllowed } from '../refuse.ts';
import { makeReset } from './passwords.ts';
import { sessionOf } from './prove.ts';
import { mailReset, notify } from './send-mail.ts';

/** Takes a member's second factor away and ends all the member's sessions. Recorded, and both are told. */
export async function resetMemberFactor(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<void> {
  const member = await helpable(deps.db, actor, organizationId, userId);
  await takeFactor(deps, actor, member, organizationId);
}

/** The same for anybody, by a platform administrator: for platform administrators, and who belongs to several organizations. */
export async function resetUserFactor(deps: Deps, actor: Actor, userId: string): Promise<void> {
  sessionOf(actor);
  if (actor.userId === userId) throw ownAccount();
  await takeFactor(deps, actor, found(await findUser(deps.db, userId), 'user'), undefined);
}

/** Makes a link to a new password for a member: mailed to the member, or without a mail server shown to the Administrator, once. */
export async function makeMemberReset(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<{ mailed: boolean; resetToken?: string; expiresAt: string }> {
  const member = await helpable(deps.db, actor, organizationId, userId);
  const { token, expiresAt } = await makeReset(deps, userId);
  const event = { kind: 'reset-link-made', userId, actorId: actor.userId, organizationId } as const;
  await insertEvent(deps.db, event, new Date(deps.clock.now()));
  const mailed = await mailReset(deps, member.email, token);
  return { mailed, expiresAt: expiresAt.toISOString(), ...(mailed ? {} : { resetToken: token }) };
}

/**
 * A member whose account is this organization's alone to help. Anybody can be made a member without being asked: an Administrator must
 * not get at what other organizations gave the same account, or at the installation.
 */
async function helpable(db: Db, actor: Actor, organizationId: string, userId: string): Promise<UserRow> {
  const organization = await inOrganization(db, actor, organizationId, 'manage-leaders');
  const member = found(await readMember(db, organizationId, userId), 'member');
  sessionOf(actor);
  if (actor.userId === userId) throw ownAccount();
  if (member.invited) throw notAllowed(`${member.name} has no password yet. Repeat the invitation instead.`);
  const user = found(await findUser(db, userId), 'member');
  const isShared = user.platformAdministrator || (await membershipsOf(db, userId)).length > 1;
  if (!isShared) return user;
  throw notAllowed(
    `${member.name} does not belong to ${organization.name} alone. Ask a platform administrator of this installation.`,
  );
}

async function takeFactor(
  deps: Deps,
  actor: Actor,
  { id: userId, name }: UserRow,
  organizationId: string | undefined,
): Promise<void> {
  const by = organizationId === undefined ? {} : { organizationId };
  await deps.db.transaction().execute(async (tx) => {
    await deleteSecondFactor(tx, userId);
    await deleteOtherSessions(tx, userId, undefined);
    await endChallenges(tx, userId);
    const event = { kind: 'second-factor-reset', userId, actorId: actor.userId, ...by } as const;
    await insertEvent(tx, event, new Date(deps.clock.now()));
  });
  const subject = 'A second factor was reset';
  notify(
    deps,
    userId,
    subject,
    'Your second factor on Parkway was taken away by an Administrator. Your sessions ended.',
  );
  notify(deps, actor.userId, subject, `You took the second factor of ${name} away on Parkway. Their sessions ended.`);
}

function ownAccount() {
  return notAllowed('Not of your own account. Turn the second factor off with a code, or ask another Administrator.');
}
