import { membershipAction } from '../../access/capabilities.ts';
import type { OrganizationRole } from '../../access/roles.ts';
import { change } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { deleteInvitations } from '../../store/invitations.ts';
import {
  type MemberRow,
  deleteMember,
  insertMember,
  readMember,
  soleAdministratorOf,
  updateMember,
} from '../../store/members.ts';
import { Problem } from '../../wire/problem.ts';
import type { MemberInput } from '../../wire/rest/members.ts';
import type { Actor } from '../actor.ts';
import { inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { type Sent, inviteAccount, sendInvitation } from './invite-account.ts';

/**
 * Makes somebody a member (ACC-2). An address without an account gets one, with an invitation to hand over. Only
 * Administrators make Administrators and Moderators. A member who never accepted is invited anew, with the role given now.
 */
export async function inviteMember(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  input: MemberInput,
): Promise<{ revision: number; value: Sent }> {
  const now = new Date(deps.clock.now());
  const { revision, value } = await change(deps.db, async (tx, taken) => {
    const { name } = await inOrganization(tx, actor, organizationId, membershipAction(undefined, input.role));
    const invited = await inviteAccount(tx, organizationId, input, now);
    const member = await readMember(tx, organizationId, invited.userId);
    if (member !== undefined && invited.invitationToken !== undefined) {
      await changeRole(tx, actor, organizationId, member, input.role);
    } else {
      await insertMember(tx, organizationId, invited.userId, input.role);
    }
    await derive(tx, taken, { users: [invited.userId] });
    return { invited, name };
  });
  return { revision, value: await sendInvitation(deps, input.email, value.name, value.invited) };
}

/** Invites a member anew who has not accepted yet; the former invitation is dead. */
export async function repeatInvitation(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<Sent> {
  const now = new Date(deps.clock.now());
  const { member, name, invited } = await deps.db.transaction().execute(async (tx) => {
    const pending = await pendingMember(tx, actor, organizationId, userId);
    return { ...pending, invited: await inviteAccount(tx, organizationId, pending.member, now) };
  });
  return sendInvitation(deps, member.email, name, invited);
}

/** Takes an invitation back that was not accepted: its token is dead, and the person is no member. */
export async function withdrawInvitation(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<{ revision: number }> {
  return change(deps.db, async (tx, revision) => {
    const { member } = await pendingMember(tx, actor, organizationId, userId);
    await demandAnotherAdministrator(tx, organizationId, member);
    await deleteMember(tx, organizationId, userId);
    await deleteInvitations(tx, userId);
    await derive(tx, revision, { users: [userId] });
  });
}

/** A member whom the actor may manage and who has not accepted the invitation. */
async function pendingMember(
  tx: Tx,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<{ member: MemberRow; name: string }> {
  const member = await visibleMember(tx, actor, organizationId, userId);
  const { name } = await inOrganization(tx, actor, organizationId, membershipAction(member.role, undefined));
  if (member.invited) return { member, name };
  throw new Problem('already-exists', `${member.name} has accepted the invitation already.`);
}

/** Gives a member another role. Refuses to leave the organization without an Administrator. */
export async function changeMember(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
  role: OrganizationRole,
): Promise<{ revision: number; value: MemberRow }> {
  return change(deps.db, async (tx, revision) => {
    const member = await visibleMember(tx, actor, organizationId, userId);
    await changeRole(tx, actor, organizationId, member, role);
    await derive(tx, revision, { users: [userId] });
    return { ...member, role };
  });
}

/** Removes a member and with it every grant and assignment there. Refuses to leave the organization without an Administrator. */
export async function removeMember(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
): Promise<{ revision: number }> {
  return change(deps.db, async (tx, revision) => {
    const member = await visibleMember(tx, actor, organizationId, userId);
    await inOrganization(tx, actor, organizationId, membershipAction(member.role, undefined));
    await demandAnotherAdministrator(tx, organizationId, member);
    await deleteMember(tx, organizationId, userId);
    await derive(tx, revision, { users: [userId] });
  });
}

async function visibleMember(tx: Tx, actor: Actor, organizationId: string, userId: string): Promise<MemberRow> {
  await inOrganization(tx, actor, organizationId, 'manage-members');
  return found(await readMember(tx, organizationId, userId), 'member');
}

async function changeRole(
  tx: Tx,
  actor: Actor,
  organizationId: string,
  member: MemberRow,
  role: OrganizationRole,
): Promise<void> {
  await inOrganization(tx, actor, organizationId, membershipAction(member.role, role));
  if (role !== 'administrator') await demandAnotherAdministrator(tx, organizationId, member);
  await updateMember(tx, organizationId, member.userId, role);
}

/** An organization without an Administrator who can sign in could never be managed again. */
async function demandAnotherAdministrator(tx: Tx, organizationId: string, member: MemberRow): Promise<void> {
  const sole = await soleAdministratorOf(tx, member.userId);
  if (sole.some(({ id }) => id === organizationId)) {
    throw new Problem(
      'last-administrator',
      `${member.name} is the only Administrator of the organization. Make another member Administrator first.`,
    );
  }
}
