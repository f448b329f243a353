import { change } from '../../store/change.ts';
import { derive } from '../../store/derive.ts';
import { insertMember, memberIds } from '../../store/members.ts';
import {
  type OrganizationRow,
  deleteOrganization,
  insertOrganization,
  readOrganization,
  renameOrganization,
} from '../../store/organizations.ts';
import { releaseAddresses } from '../../store/plants.ts';
import type { OrganizationInput, OrganizationPatch } from '../../wire/rest/organizations.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { found, notAllowed } from '../refuse.ts';
import { type Sent, inviteAccount, sendInvitation } from './invite-account.ts';

/** Creates an organization with an invited Administrator. For platform administrators, who gain nothing by it (ACC-7). */
export async function createOrganization(
  deps: Deps,
  actor: Actor,
  input: OrganizationInput,
): Promise<{ revision: number; value: { organization: OrganizationRow; administrator: Sent } }> {
  demandPlatformAdministrator(actor);
  const now = new Date(deps.clock.now());
  const made = await change(deps.db, async (tx, revision) => {
    const { id } = await insertOrganization(tx, input.name);
    const person = { email: input.administratorEmail, name: input.administratorName };
    const administrator = await inviteAccount(tx, id, person, now);
    await insertMember(tx, id, administrator.userId, 'administrator');
    await derive(tx, revision, { users: [administrator.userId] });
    return { organization: found(await readOrganization(tx, actor, id), 'organization'), administrator };
  });
  const { organization, administrator } = made.value;
  const sent = await sendInvitation(deps, input.administratorEmail, organization.name, administrator);
  return { ...made, value: { organization, administrator: sent } };
}

/** Renames an organization: its Administrators, and platform administrators. */
export async function changeOrganization(
  deps: Deps,
  actor: Actor,
  id: string,
  patch: OrganizationPatch,
): Promise<OrganizationRow> {
  return deps.db.transaction().execute(async (tx) => {
    const organization = found(await readOrganization(tx, actor, id), 'organization');
    if (organization.role !== 'administrator' && !actor.platformAdministrator) {
      throw notAllowed(`Only Administrators of ${organization.name} may rename it. Ask one of them.`);
    }
    await renameOrganization(tx, id, patch.name);
    return { ...organization, name: patch.name };
  });
}

/** Deletes an organization with all it owns; its ranges go back to the pools. For platform administrators. */
export async function removeOrganization(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    found(await readOrganization(tx, actor, id), 'organization');
    demandPlatformAdministrator(actor);
    // Members lose what cooperations gave them here; what others had on the plants goes with the plants.
    const members = await memberIds(tx, id);
    await releaseAddresses(tx, { organizationId: id }, now);
    await deleteOrganization(tx, id);
    await derive(tx, revision, { users: members });
  });
}

function demandPlatformAdministrator(actor: Actor): void {
  if (!actor.platformAdministrator) {
    throw notAllowed(
      'Only platform administrators may create or delete organizations. Ask the one of this installation.',
    );
  }
}
