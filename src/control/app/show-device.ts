import { translate } from '../../net/cidr.ts';
import { formatIp } from '../../net/ip.ts';
import { type DeviceRow, listAllDevices } from '../../store/devices.ts';
import { type RouteRow, listRoutes } from '../../store/routes.ts';
import type { Page } from '../../wire/rest/common.ts';
import type { DeviceJson, DeviceQuery, PlacedDeviceJson } from '../../wire/rest/devices.ts';
import { type Actor, hasScope } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';

/** The devices of all plants that the actor sees, each with the actor's route to it, when the token may know of routes. */
export async function listPlacedDevices(deps: Deps, actor: Actor, query: DeviceQuery): Promise<Page<PlacedDeviceJson>> {
  const page = await paged(
    query,
    (window) => listAllDevices(deps.db, actor.userId, query, window),
    (row) => [row.name, row.id],
    (row) => row,
  );
  const mayKnow = page.items.length > 0 && hasScope(actor, 'routes');
  const routes = mayKnow ? await listRoutes(deps.db, actor.userId, deps.pools) : [];
  const bySubnet = new Map(routes.map((route) => [route.subnetId, route]));
  const items = page.items.map(({ plantName, organizationId, organizationName, subnetId, ...row }) => ({
    ...showDevice(row),
    plant: { id: row.plantId, name: plantName },
    organization: { id: organizationId, name: organizationName },
    route: routeOf(subnetId === null ? undefined : bySubnet.get(subnetId)),
  }));
  return { ...page, items };
}

/** A device as the API shows it. */
export function showDevice({ id, plantId, name, note, address, createdAt, subnet }: DeviceRow): DeviceJson {
  return {
    id,
    plantId,
    name,
    note,
    address: formatIp(address),
    alias: aliasOf(address, subnet),
    createdAt: createdAt.toISOString(),
  };
}

function routeOf(route: RouteRow | undefined): PlacedDeviceJson['route'] {
  return route === undefined ? null : { subnetId: route.subnetId, status: route.status, reason: route.reason };
}

/** Host n of the subnet is host n of the alias (VPN-10). */
function aliasOf(address: DeviceRow['address'], subnet: DeviceRow['subnet']): string | null {
  if (subnet === undefined || subnet.pool === 'hidden') return null;
  return formatIp(translate({ base: address, length: 32 }, subnet.network, subnet.range).base);
}
