/** The checks that use cases begin with: is it there and the actor's to see, and may the actor do it (ACC-2 to ACC-7). */
import {
  CAPABILITIES,
  type Capability,
  ORGANIZATION_ACTIONS,
  type OrganizationAction,
  can,
  mayAdminister,
} from '../access/capabilities.ts';
import type { OrganizationRole } from '../access/roles.ts';
import type { Db } from '../store/db.ts';
import type { Target } from '../store/grants.ts';
import { type OrganizationRow, readOrganization } from '../store/organizations.ts';
import { type PlantRow, readPlant } from '../store/plants.ts';
import { readPortfolio } from '../store/portfolios.ts';
import type { Problem } from '../wire/problem.ts';
import type { Actor } from './actor.ts';
import { found, notAllowed } from './refuse.ts';
import { list, titleOf } from './words.ts';

/** Returns the organization when the actor may do `action` there. Refuses with `not-found` or `not-allowed`. */
export async function inOrganization(
  db: Db,
  actor: Actor,
  id: string,
  action: OrganizationAction,
): Promise<OrganizationRow> {
  const organization = found(await readOrganization(db, actor, id), 'organization');
  demand(action, organization.role, organization.name);
  return organization;
}

/** Refuses with `not-allowed` when a role in the named organization does not allow the action. */
export function demand(action: OrganizationAction, role: OrganizationRole | null, organizationName: string): void {
  if (!mayAdminister(action, role ?? undefined)) throw actionRefused(action, organizationName);
}

/** Returns the plant when the actor has the capability there. Refuses with `not-found` or `not-allowed`. */
export async function onPlant(db: Db, actor: Actor, id: string, capability: Capability, now: Date): Promise<PlantRow> {
  const plant = found(await readPlant(db, actor.userId, id, now), 'plant');
  if (can(capability, plant)) return plant;
  const { title, columns } = CAPABILITIES[capability];
  throw notAllowed(
    `On ${plant.name} you are ${titleOf(plant.role)}. This takes ${list(columns.map(titleOf), 'or')}: ${title}.`,
  );
}

/** Returns the plant when the actor leads the organization that owns it. Refuses with `not-found` or `not-allowed`. */
export async function asOwnerOf(db: Db, actor: Actor, id: string, now: Date): Promise<PlantRow> {
  const plant = found(await readPlant(db, actor.userId, id, now), 'plant');
  if (!plant.leadsOwner) throw actionRefused('manage-plants', plant.organizationName);
  return plant;
}

/**
 * Returns what a grant or share is to be on, when it belongs to the organization. Refuses with `not-found` what the actor
 * may not see, with `not-allowed` what the actor sees but another organization owns: it cannot be passed on (ACC-5).
 */
export async function ownedTarget(
  db: Db,
  actor: Actor,
  organizationId: string,
  input: { readonly plantId?: string | undefined; readonly portfolioId?: string | undefined },
  now: Date,
): Promise<Target> {
  const { plantId, portfolioId = '' } = input;
  const target =
    plantId === undefined
      ? found(await readPortfolio(db, actor.userId, portfolioId), 'portfolio')
      : found(await readPlant(db, actor.userId, plantId, now), 'plant');
  if (target.organizationId !== organizationId) {
    throw notAllowed(
      `${target.name} belongs to another organization. Only its owner can share it or grant roles on it.`,
    );
  }
  return plantId === undefined ? { portfolioId: target.id } : { plantId: target.id };
}

function actionRefused(action: OrganizationAction, organizationName: string): Problem {
  const { title, roles } = ORGANIZATION_ACTIONS[action];
  const who = list(
    [...roles].map((role) => `${titleOf(role)}s`),
    'and',
  );
  return notAllowed(`Only ${who} of ${organizationName} may do this: ${title}. Ask one of them.`);
}
