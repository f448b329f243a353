import { createHash } from 'node:crypto';
import { formatCidr, overlaps } from '../../net/cidr.ts';
import { rehearse } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import {
  type Ending,
  type RoleChange,
  type Touched,
  compareRoles,
  keepRoles,
  subnetsOfEnding,
} from '../../store/effects.ts';
import { type RouteRow, listRoutes } from '../../store/routes.ts';
import { Problem } from '../../wire/problem.ts';
import type { ChangeJson, EffectsJson, RolesJson } from '../../wire/rest/previews.ts';
import type { Scope } from '../../wire/rest/tokens.ts';
import { type Actor, hasScope } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { makeChange } from './make-change.ts';
import { touchedBy } from './touched-by.ts';

/**
 * What a change would do: the use case that makes it runs in a transaction that is undone, and roles and reach are compared
 * before and after. Whoever may not make the change is refused as it would refuse.
 */
export async function previewChange(deps: Deps, actor: Actor, change: ChangeJson): Promise<EffectsJson> {
  demandScope(actor, change);
  return rehearse(deps.db, async (tx) => {
    const touched = await touchedBy(tx, change.kind, change);
    const ending = await endingWith(tx, actor, change, touched);
    const routes = change.kind === 'use-route' ? await listRoutes(tx, actor.userId, deps.pools) : [];
    await keepRoles(tx, touched, actor.userId);
    // Nothing leaves this process for a change that is not made.
    await makeChange({ ...deps, db: tx, mail: undefined }, actor, change.kind, change);
    const { digest, lost, gained, ...vpn } = await compareRoles(tx, touched, actor.userId);
    const after = change.kind === 'use-route' ? await listRoutes(tx, actor.userId, deps.pools) : [];
    const rest = { subnetsEnding: showEnding(ending), rangesTaken: taken(change, routes, after) };
    const whole = createHash('sha256')
      .update(JSON.stringify([digest, rest]))
      .digest('base64url');
    return { ...vpn, ...rest, digest: whole, lost: showRoles(lost), gained: showRoles(gained) };
  });
}

/** The scope that the change itself asks an API token for. */
function demandScope(actor: Actor, { kind }: ChangeJson): void {
  const scope = ((): Scope => {
    if (kind === 'use-route') return 'routes';
    return kind === 'remove-organization' ? 'platform' : 'manage';
  })();
  if (hasScope(actor, scope)) return;
  throw new Problem('scope-missing', `This needs the scope "${scope}". Use a token that has it, or sign in.`);
}

async function endingWith(tx: Tx, { userId }: Actor, change: ChangeJson, { plants }: Touched): Promise<Ending> {
  if (change.kind === 'remove-subnet') return subnetsOfEnding(tx, { subnetId: change.id }, userId);
  const isRemoval = ['remove-plant', 'remove-portfolio', 'remove-organization'].includes(change.kind);
  return subnetsOfEnding(tx, { plants: isRemoval ? plants : [] }, userId);
}

/** What the route owns afterwards that another had before. */
function taken(
  change: ChangeJson,
  before: readonly RouteRow[],
  after: readonly RouteRow[],
): EffectsJson['rangesTaken'] {
  if (change.kind !== 'use-route') return [];
  const of = (routes: readonly RouteRow[], mine: boolean) =>
    routes
      .filter(({ subnetId }) => subnetId === change.subnetId)
      .flatMap(({ contested }) => contested.filter((part) => part.mine === mine));
  const won = of(after, true);
  return of(before, false)
    .filter(({ range }) => won.some((part) => overlaps(part.range, range)))
    .map(({ range, owner }) => ({ range: formatCidr(range), plant: { ...owner } }));
}

function showEnding({ list, ...counts }: Ending): EffectsJson['subnetsEnding'] {
  return {
    ...counts,
    list: list.map(({ plantId, plantName, ...rest }) => ({ plant: { id: plantId, name: plantName }, ...rest })),
  };
}

function showRoles({
  list,
  people,
  plants,
}: {
  people: number;
  plants: number;
  list: readonly RoleChange[];
}): RolesJson {
  return {
    people,
    plants,
    list: list.map((row) => ({
      user: { id: row.userId, name: row.userName, email: row.userEmail },
      plant: { id: row.plantId, name: row.plantName },
      roleBefore: row.roleBefore,
      roleAfter: row.roleAfter,
    })),
  };
}
