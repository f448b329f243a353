import { type IpState, ipBatch, planIp, readIp } from '../kernel/ip.ts';
import { ensureSysctls } from '../kernel/sysctl.ts';
import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { uplinkRoutes, wantedNetwork, wantedSysctls, wantedTables } from './network.ts';
import type { State } from './state.ts';
import { type TunnelDeps, ensureTunnel, tunnelDevices } from './tunnels.ts';

export interface PlaceDeps extends TunnelDeps {
  readonly pools: Pools;
  /** The gateway's own infrastructure address. */
  readonly address: Ip;
  /** The interface that leads outside; that of the default route when undefined. */
  readonly uplink: string | undefined;
}

/** What was done about interfaces that were not there, and about addresses, rules, routes and settings. */
export interface Placed {
  readonly tunnels: readonly string[];
  readonly network: readonly string[];
}

/** Makes links, addresses, rules, routes and settings what they shall be. Reads no peers of an interface that is there. */
export async function ensurePlace(deps: PlaceDeps, state: State): Promise<Placed> {
  const slots = [...state.slots.values()];
  const devices = tunnelDevices(state);
  const read = () => readIp(deps.runner, ['main', ...wantedTables(slots)]);
  let actual = await read();
  const missing = devices.filter((dev) => !actual.links.some((link) => link.dev === dev));
  const tunnels: string[] = [];
  for (const dev of missing) tunnels.push(...(await ensureTunnel(deps, state, dev)));
  if (missing.length > 0) actual = await read();
  const main = actual.routes.filter((route) => route.table === 'main');
  const uplinks = uplinkRoutes(main, deps.uplink);
  const lines = planIp(wantedNetwork({ slots, address: deps.address, pools: deps.pools, uplinks }), actual);
  lines.push(...staleLinks(actual, devices));
  await ipBatch(deps.runner, lines);
  const settings = await ensureSysctls(deps.runner, wantedSysctls(devices));
  return { tunnels, network: [...lines, ...settings] };
}

function staleLinks({ links }: IpState, devices: readonly string[]): string[] {
  return links
    .filter(({ dev }) => /^slot\d+$/.test(dev) && !devices.includes(dev))
    .map(({ dev }) => `link del dev ${dev}`);
}
