import { effectiveRole } from '../../access/roles.ts';
import { type SourceRow, listHeldPlants, listHolders, sourcesOfMember, sourcesOnPlant } from '../../store/access.ts';
import { readMember } from '../../store/members.ts';
import { readOrganization } from '../../store/organizations.ts';
import type { MemberAccessJson, OwnAccessJson, PlantAccessJson, SourceJson } from '../../wire/rest/access.ts';
import type { Page, PageQuery } from '../../wire/rest/common.ts';
import type { Actor } from '../actor.ts';
import { asOwnerOf, demand } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import { titleOf } from '../words.ts';

/** Everybody who has a role on a plant, and why (ACC-6). For who leads the organization that owns it. */
export async function explainPlant(
  deps: Deps,
  actor: Actor,
  plantId: string,
  query: PageQuery,
): Promise<Page<PlantAccessJson>> {
  await asOwnerOf(deps.db, actor, plantId, new Date(deps.clock.now()));
  const page = await paged(
    query,
    (window) => listHolders(deps.db, plantId, window),
    (user) => [user.name, user.id],
    (user) => user,
  );
  const ids = page.items.map(({ id }) => id);
  const sources = Map.groupBy(await sourcesOnPlant(deps.db, plantId, ids), (source) => source.userId);
  return { ...page, items: page.items.flatMap((user) => explained({ user }, sources.get(user.id))) };
}

/** Why the actor has a role on a plant (ACC-6). */
export async function explainOwn(deps: Deps, actor: Actor, plantId: string): Promise<OwnAccessJson> {
  const [own] = explained({}, await sourcesOnPlant(deps.db, plantId, [actor.userId]));
  return found(own, 'plant');
}

/**
 * What a member reaches by an organization, and why (ACC-6): its own plants, and what cooperations gave it. For its
 * Administrators and Moderators, and the member.
 */
export async function explainMember(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  userId: string,
  query: PageQuery,
): Promise<Page<MemberAccessJson>> {
  const organization = found(await readOrganization(deps.db, actor, organizationId), 'organization');
  if (actor.userId !== userId) demand('manage-members', organization.role, organization.name);
  found(await readMember(deps.db, organizationId, userId), 'member');
  const page = await paged(
    query,
    (window) => listHeldPlants(deps.db, organizationId, userId, window),
    (plant) => [plant.name, plant.id],
    (plant) => plant,
  );
  const ids = page.items.map(({ id }) => id);
  const rows = await sourcesOfMember(deps.db, organizationId, userId, ids);
  const sources = Map.groupBy(rows, (source) => source.plantId);
  return { ...page, items: page.items.flatMap((plant) => explained({ plant }, sources.get(plant.id))) };
}

/** One item, or none when the last source went away between two reads. */
function explained<T extends object>(subject: T, sources: readonly SourceRow[] = []): (T & OwnAccessJson)[] {
  const role = effectiveRole(sources);
  return role === undefined ? [] : [{ ...subject, role, sources: sources.map(show) }];
}

function show(row: SourceRow): SourceJson {
  const { portfolioId, portfolioName, cooperationId, shareId, cap, assigned } = row;
  const owner = { id: row.ownerId, name: row.ownerName };
  return {
    source: row.source,
    id: row.sourceId,
    role: row.role,
    sentence: sentenceOf(row),
    organization: { id: row.organizationId, name: row.organizationName },
    ...(row.source === 'membership' ? { organizationRole: row.organizationRole } : {}),
    ...(portfolioId === null || portfolioName === null ? {} : { portfolio: { id: portfolioId, name: portfolioName } }),
    ...(cooperationId === null || shareId === null || cap === null || assigned === null
      ? {}
      : { cooperation: { id: cooperationId, shareId, owner, cap, assigned } }),
  };
}

function sentenceOf(row: SourceRow): string {
  const role = titleOf(row.role);
  const place = row.portfolioName === null ? 'on the plant' : `via portfolio ${row.portfolioName}`;
  if (row.source === 'membership') {
    return `${role} as ${titleOf(row.organizationRole)} of ${row.organizationName}, which owns the plant`;
  }
  if (row.cap === null || row.assigned === null) return `${role} granted ${place} by ${row.organizationName}`;
  return (
    `${role} ${place}, via cooperation of ${row.ownerName} with ${row.organizationName}: ` +
    `assigned ${titleOf(row.assigned)}, cap ${titleOf(row.cap)}`
  );
}
