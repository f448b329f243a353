import type { JobRole } from '../../access/roles.ts';
import { change } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { type GrantRow, deleteGrant, insertGrant, readGrant, updateGrant } from '../../store/grants.ts';
import { readMember } from '../../store/members.ts';
import type { GrantInput } from '../../wire/rest/grants.ts';
import type { Actor } from '../actor.ts';
import { inOrganization, ownedTarget } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';

/** Grants a member a job role on a plant or portfolio of the organization (ACC-3). */
export async function grantRole(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  input: GrantInput,
): Promise<{ revision: number; value: GrantRow }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    await inOrganization(tx, actor, organizationId, 'manage-grants');
    const { userId } = found(await readMember(tx, organizationId, input.userId), 'member');
    const target = await ownedTarget(tx, actor, organizationId, input, now);
    const { role } = input;
    const id = await insertGrant(tx, { organizationId, userId, target, role, createdBy: actor.userId });
    await derive(tx, revision, { users: [userId] });
    return found(await readGrant(tx, actor.userId, id), 'grant');
  });
}

/** Gives a grant another role. */
export async function changeGrant(
  deps: Deps,
  actor: Actor,
  id: string,
  role: JobRole,
): Promise<{ revision: number; value: GrantRow }> {
  return change(deps.db, async (tx, revision) => {
    const grant = await managedGrant(tx, actor, id);
    await updateGrant(tx, id, role);
    await derive(tx, revision, { users: [grant.userId] });
    return { ...grant, role };
  });
}

/** Withdraws a grant; what no other source gives is lost at once (VPN-8). */
export async function withdrawGrant(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  return change(deps.db, async (tx, revision) => {
    const grant = await managedGrant(tx, actor, id);
    await deleteGrant(tx, id);
    await derive(tx, revision, { users: [grant.userId] });
  });
}

async function managedGrant(tx: Tx, actor: Actor, id: string): Promise<GrantRow> {
  const grant = found(await readGrant(tx, actor.userId, id), 'grant');
  await inOrganization(tx, actor, grant.organizationId, 'manage-grants');
  return grant;
}
