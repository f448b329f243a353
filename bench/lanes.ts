import { AGENTS_DEVICE, slotDevice } from '../src/gateway/compile.ts';
import { openElements } from '../src/gateway/elements.ts';
import { wantedNetwork, wantedSysctls, wantedTables } from '../src/gateway/network.ts';
import { TABLE } from '../src/gateway/shards.ts';
import type { State } from '../src/gateway/state.ts';
import { ipBatch, planIp, readIp } from '../src/kernel/ip.ts';
import { nftTable } from '../src/kernel/nft.ts';
import { ensureSysctls } from '../src/kernel/sysctl.ts';
import { formatCidr } from '../src/net/cidr.ts';
import { toIp } from '../src/net/ip.ts';
import { DEFAULT_POOLS } from '../src/net/pools.ts';
import { keyOf } from '../src/lab/size/identity.ts';
import type { SlotRow } from '../src/wire/state.ts';
import { type BenchHost, bootBenchHost, cable, ipLines, newMac } from './hosts.ts';

/** Three hosts in a row, joined by veth pairs of the MTU of a tunnel. The gateway's ends have the names of its tunnels. */
export interface Lane {
  readonly user: BenchHost;
  readonly gateway: BenchHost;
  readonly plant: BenchHost;
  readonly down: () => Promise<void>;
}

/** The gateway's slot: everything but its tunnel, for which there is no use here. */
export const SLOT: SlotRow = {
  slot: 1,
  address: toIp(0xcb00_7101),
  port: 51_820,
  publicKey: keyOf(1, 'slot', 1),
  sealedKey: '',
  users: DEFAULT_POOLS.users,
};
const OWN = toIp(0x6450_0001);
const AGENTS_PORT = 51_900;
const MTU = 1420;

/** As many new connections as the bench makes are no flood here. How many at a time is as ever. */
const LIMITS = { newPerSecond: 1_000_000, burst: 1_000_000, connections: 4096 };

const USER = { address: '10.200.1.2', gateway: '10.200.1.1' };
const PLANT = { address: '10.200.2.2', gateway: '10.200.2.1' };
const RANGES = [DEFAULT_POOLS.alias, DEFAULT_POOLS.hidden].map(formatCidr);
const USERS = formatCidr(DEFAULT_POOLS.users);

/**
 * Builds a lane that forwards without any rule. The user's host has all user addresses, the plant's all of the unique ranges.
 * Neighbours are known for good, so that no packet asks for one.
 */
export async function buildLane(): Promise<Lane> {
  const [user, gateway, plant] = [
    await bootBenchHost('user'),
    await bootBenchHost('gateway'),
    await bootBenchHost('plant'),
  ];
  const down = async () => void (await Promise.all([user, gateway, plant].map((host) => host.down())));
  const [slot, agents] = [slotDevice(SLOT.slot), AGENTS_DEVICE];
  const mac = { user: newMac(), slot: newMac(), agents: newMac(), plant: newMac() };
  try {
    await cable({ ...user, dev: 'eth0', mac: mac.user }, { ...gateway, dev: slot, mac: mac.slot });
    await cable({ ...gateway, dev: agents, mac: mac.agents }, { ...plant, dev: 'eth0', mac: mac.plant });
    await ipLines(user, [
      `link set eth0 mtu ${MTU} up`,
      `neigh add ${USER.gateway} lladdr ${mac.slot} dev eth0 nud permanent`,
      `route add local ${USERS} dev lo`,
      ...['10.0.0.0/8', ...RANGES].map((to) => `route add ${to} via ${USER.gateway} dev eth0 onlink`),
    ]);
    await ipLines(plant, [
      `link set eth0 mtu ${MTU} up`,
      `neigh add ${PLANT.gateway} lladdr ${mac.agents} dev eth0 nud permanent`,
      ...RANGES.map((range) => `route add local ${range} dev lo`),
      `route add ${USERS} via ${PLANT.gateway} dev eth0 onlink`,
    ]);
    await ipLines(gateway, [
      `link set ${slot} mtu ${MTU} up`,
      `link set ${agents} mtu ${MTU} up`,
      `neigh add ${USER.address} lladdr ${mac.user} dev ${slot} nud permanent`,
      `neigh add ${PLANT.address} lladdr ${mac.plant} dev ${agents} nud permanent`,
      ...routesOf('main'),
    ]);
    await gateway.runner.run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    return { user, gateway, plant, down };
  } catch (error) {
    await down();
    throw error;
  }
}

/**
 * Gives the gateway of a lane all that a gateway with these rows has, by its own code: rules, elements, policy rules, routes and
 * settings. Only its routes name a next hop, for a cable is no tunnel. Throws when the kernel refuses anything.
 */
export async function loadRules({ gateway }: Lane, state: State): Promise<void> {
  const { runner } = gateway;
  const refused: string[] = [];
  const elements = openElements({
    runner,
    table: nftTable(runner, TABLE, 1),
    pools: DEFAULT_POOLS,
    limits: LIMITS,
    port: AGENTS_PORT,
    address: OWN,
    report: (what, detail) => refused.push(`${what}: ${detail}`),
    onLoad: () => undefined,
  });
  await elements.restart(state);
  while (elements.isLoading()) await elements.loadSome();
  const slots = [...state.slots.values()];
  const place = { slots, address: OWN, pools: DEFAULT_POOLS, uplinks: [] };
  await ipBatch(runner, planIp(wantedNetwork(place), await readIp(runner, ['main', ...wantedTables(slots)])));
  const [passTable = ''] = wantedTables(slots);
  await ipLines(gateway, [...routesOf(passTable), ...routesOf('main').map((line) => line.replace('replace', 'del'))]);
  await ensureSysctls(runner, wantedSysctls([slotDevice(SLOT.slot), AGENTS_DEVICE]));
  if (refused.length > 0 || !elements.isWhole()) throw new Error(`the kernel refused rules: ${refused.join('; ')}`);
}

/** Makes the gateway of a lane track connections, and do nothing else. */
export async function loadTracking({ gateway }: Lane): Promise<void> {
  const rule = 'type filter hook forward priority filter; policy accept; ct state new accept';
  await gateway.runner.run(['nft', '-f', '-'], { input: `table ip tracking {\nchain forward_ {\n${rule}\n}\n}\n` });
}

/** Has the ends of a lane send each TCP segment as a packet of its own, or hand the kernel many at once as it does by itself. */
export async function segmentAtOnce({ user, plant }: Lane, atOnce: boolean): Promise<void> {
  const segments = atOnce ? 65_535 : 1;
  for (const host of [user, plant]) await ipLines(host, [`link set eth0 gso_max_segs ${segments}`]);
}

/** The routes of a gateway in a lane: users on one side, everything else that it forwards to on the other. */
function routesOf(table: string): string[] {
  const agents = table === 'main' ? RANGES : ['default'];
  return [
    `route replace ${USERS} via ${USER.address} dev ${slotDevice(SLOT.slot)} onlink table ${table}`,
    ...agents.map((to) => `route replace ${to} via ${PLANT.address} dev ${AGENTS_DEVICE} onlink table ${table}`),
  ];
}
