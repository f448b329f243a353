import type { ChangeJson } from '../../wire/rest/previews.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { assignShare, changeAssignment, withdrawAssignment } from './manage-assignments.ts';
import { stepCooperation } from './manage-cooperations.ts';
import { changeGrant, grantRole, withdrawGrant } from './manage-grants.ts';
import { changeMember, removeMember } from './manage-members.ts';
import { removeOrganization } from './manage-organizations.ts';
import { changePlant, removePlant } from './manage-plants.ts';
import { removePortfolio } from './manage-portfolios.ts';
import { changeCap, withdrawShare } from './manage-shares.ts';
import { removeSubnet } from './manage-subnets.ts';
import { removeUser } from './remove-user.ts';
import { setRoute } from './set-route.ts';

type Kind = ChangeJson['kind'];
type Maker<K extends Kind> = (
  deps: Deps,
  actor: Actor,
  change: Extract<ChangeJson, { kind: K }>,
) => Promise<{ revision: number }>;

const MAKERS: { readonly [K in Kind]: Maker<K> } = {
  'add-grant': (deps, actor, change) => grantRole(deps, actor, change.organizationId, change),
  'change-grant': (deps, actor, change) => changeGrant(deps, actor, change.id, change.role),
  'remove-grant': (deps, actor, change) => withdrawGrant(deps, actor, change.id),
  'change-member': (deps, actor, change) =>
    changeMember(deps, actor, change.organizationId, change.userId, change.role),
  'remove-member': (deps, actor, change) => removeMember(deps, actor, change.organizationId, change.userId),
  'step-cooperation': (deps, actor, change) => stepCooperation(deps, actor, change.id, change.step),
  'change-share': (deps, actor, change) => changeCap(deps, actor, change.id, change.cap),
  'remove-share': (deps, actor, change) => withdrawShare(deps, actor, change.id),
  'add-assignment': (deps, actor, change) => assignShare(deps, actor, change.shareId, change),
  'change-assignment': (deps, actor, change) => changeAssignment(deps, actor, change.id, change.role),
  'remove-assignment': (deps, actor, change) => withdrawAssignment(deps, actor, change.id),
  'move-plant': (deps, actor, change) => changePlant(deps, actor, change.id, { portfolioId: change.portfolioId }),
  'remove-plant': (deps, actor, change) => removePlant(deps, actor, change.id),
  'remove-portfolio': (deps, actor, change) => removePortfolio(deps, actor, change.id),
  'remove-subnet': (deps, actor, change) => removeSubnet(deps, actor, change.id),
  'remove-organization': (deps, actor, change) => removeOrganization(deps, actor, change.id),
  'remove-user': (deps, actor, change) => removeUser(deps, actor, change.id),
  'use-route': (deps, actor, change) => setRoute(deps, actor, change.subnetId, 'use'),
};

/** Makes a change that is given as a value, by the use case that its own endpoint calls. Throws what that throws. */
export async function makeChange<K extends Kind>(
  deps: Deps,
  actor: Actor,
  kind: K,
  change: Extract<ChangeJson, { kind: K }>,
): Promise<{ revision: number }> {
  return MAKERS[kind](deps, actor, change);
}
