import { formatCidr } from '../../net/cidr.ts';
import { type RouteRow, listRoutes } from '../../store/routes.ts';
import type { Page } from '../../wire/rest/common.ts';
import type { RouteJson, RouteQuery } from '../../wire/rest/routes.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';

/**
 * The actor's routes that a query selects (VPN-13), ordered by organization, portfolio, plant and network. They are
 * computed whole, since ownership depends on all of them; the cursor names the last one shown and its index.
 */
export async function listOwnRoutes(deps: Deps, { userId }: Actor, query: RouteQuery): Promise<Page<RouteJson>> {
  const rows = (await listRoutes(deps.db, userId, deps.pools)).map(showRoute).filter((route) => selects(query, route));
  return paged(
    query,
    async ({ limit, after }) => {
      const start = after === undefined ? 0 : placeBehind(rows, Number(after[0]), after[1]);
      return rows.slice(start, start + limit);
    },
    (row) => [String(rows.indexOf(row)), row.subnetId],
    (row) => row,
  );
}

/** One of the actor's routes, as it is now. */
export async function findOwnRoute(deps: Deps, { userId }: Actor, subnetId: string): Promise<RouteJson> {
  const rows = await listRoutes(deps.db, userId, deps.pools);
  return showRoute(
    found(
      rows.find((row) => row.subnetId === subnetId),
      'route',
    ),
  );
}

/** Where the list goes on. When the last one shown is gone meanwhile, its place is taken by the one that followed it. */
function placeBehind(rows: readonly RouteJson[], index: number, subnetId: string): number {
  const at = rows.findIndex((row) => row.subnetId === subnetId);
  if (at >= 0) return at + 1;
  return Number.isInteger(index) && index >= 0 ? index : 0;
}

function selects({ status, portfolioId, plantId, q }: RouteQuery, route: RouteJson): boolean {
  if (status !== undefined && route.status !== status) return false;
  if (portfolioId !== undefined && route.portfolio.id !== portfolioId) return false;
  if (plantId !== undefined && route.plantId !== plantId) return false;
  if (q === undefined) return true;
  const texts = [route.plantName, route.portfolio.name, route.organization.name, route.network, route.alias ?? ''];
  return texts.some((text) => text.toLowerCase().includes(q.toLowerCase()));
}

function showRoute(row: RouteRow): RouteJson {
  return {
    subnetId: row.subnetId,
    plantId: row.plant.id,
    plantName: row.plant.name,
    portfolio: row.portfolio,
    organization: row.organization,
    network: formatCidr(row.network),
    alias: row.alias === null ? null : formatCidr(row.alias),
    status: row.status,
    reason: row.reason,
    contested: row.contested.map(({ range, owner, mine }) => ({
      range: formatCidr(range),
      ownerPlantId: owner.id,
      ownerPlantName: owner.name,
      mine,
    })),
    paused: row.paused,
    since: row.since,
    revision: row.revision,
  };
}
