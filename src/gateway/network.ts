import { formatCidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import type { IpRoute, IpRule, IpWanted } from '../kernel/ip.ts';
import type { Sysctls } from '../kernel/sysctl.ts';
import type { SlotRow } from '../wire/state.ts';
import { AGENTS_DEVICE, slotDevice } from './compile.ts';
import { LOCAL, PASS } from './rules.ts';

/** Table of what marked packets reach, and of what the gateway itself sends to agents. */
const PASS_TABLE = '200';
const PROBE_TABLE = '201';

/** Mark, and routing table, of the packets that carry slot 0; the next slots follow. */
const SLOT_MARK = 0x5000;

/** Priorities of our rules: before the local table, which is moved to the last of them, and behind it. */
const PREF = { users: 90, pass: 100, local: 101, outer: 110, tunnels: 400, probes: 450, localTable: 500, pools: 510 };
const LAST_PREF = 599;

/** WireGuard's own default: 1500 less the headers of an outer IPv6 packet. */
const MTU = 1420;

/** What the gateway's place in the network is made of. */
export interface Place {
  readonly slots: readonly SlotRow[];
  /** The gateway's own infrastructure address. */
  readonly address: Ip;
  readonly pools: Pools;
  /** Routes of the main table that lead to the outside. */
  readonly uplinks: readonly IpRoute[];
}

/** The mark of the outer packets of a slot. */
export function slotMark(slot: number): number {
  return SLOT_MARK + slot;
}

/**
 * Links, addresses, rules and routes of a gateway. No rules, no route (VPN-7): what comes from a tunnel is routed only
 * when nftables marked it, and that is decided before the local table is asked, so without a rule set not even the
 * gateway itself is reached. Users do not reach each other by any mark. What is marked and goes nowhere else goes
 * towards the agents, where it is refused.
 */
export function wantedNetwork(place: Place): IpWanted {
  const slots = place.slots.map((row) => ({ ...row, dev: slotDevice(row.slot), mark: slotMark(row.slot) }));
  const devices = [...slots.map((slot) => slot.dev), AGENTS_DEVICE];
  const own = formatIp(place.address);
  return {
    links: devices.map((dev) => ({ dev, mtu: MTU })),
    addresses: [
      { dev: AGENTS_DEVICE, address: `${own}/32` },
      ...slots.map((slot) => ({ dev: 'lo', address: `${formatIp(slot.address)}/32` })),
    ],
    rules: wantedRules(slots, devices, own, place.pools),
    routes: [
      ...slots.map((slot) => ({ table: PASS_TABLE, dst: formatCidr(slot.users), dev: slot.dev, src: own })),
      { table: PASS_TABLE, dst: 'default', dev: AGENTS_DEVICE, src: own },
      { table: PROBE_TABLE, dst: formatCidr(place.pools.infrastructure), dev: AGENTS_DEVICE, src: own },
      ...slots.flatMap((slot) =>
        place.uplinks.map((route) => ({ ...route, table: String(slot.mark), src: formatIp(slot.address) })),
      ),
    ],
    owned: {
      address: ({ dev }) => devices.includes(dev),
      // Ours by their priority, and the kernel's own rule for the local table, which would come before ours.
      rule: ({ pref }) => pref === 0 || (pref >= PREF.users && pref <= LAST_PREF),
      table: (table) => wantedTables(place.slots).includes(table),
    },
  };
}

/** The routing tables that a gateway owns. */
export function wantedTables(slots: readonly SlotRow[]): string[] {
  return [PASS_TABLE, PROBE_TABLE, ...slots.map((slot) => String(slotMark(slot.slot)))];
}

/**
 * Kernel settings. Source validation is on for the tunnels, with the mark: a broadcast or multicast packet, which is
 * delivered without asking any rule, fails it when nftables did not mark it.
 */
export function wantedSysctls(devices: readonly string[]): Sysctls {
  return {
    'net.ipv4.ip_forward': '1',
    'net.ipv4.fwmark_reflect': '1',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.netfilter.nf_conntrack_tcp_be_liberal': '1',
    ...Object.fromEntries(
      devices.flatMap((dev) => [
        [`net.ipv4.conf.${dev}.rp_filter`, '1'],
        [`net.ipv4.conf.${dev}.src_valid_mark`, '1'],
      ]),
    ),
  };
}

/**
 * The routes of the main table by which packets leave: those of `uplink`, or of the device of the default route. Of
 * several to one destination the first, which has the best metric.
 */
export function uplinkRoutes(main: readonly IpRoute[], uplink: string | undefined): IpRoute[] {
  const dev = uplink ?? main.find((route) => route.dst === 'default')?.dev;
  const routes = main.filter((route, at) => route.dev === dev && main.findIndex(({ dst }) => dst === route.dst) === at);
  // Connected networks first: a route through a next hop needs the one to it.
  return routes.sort((a, b) => Number(a.via !== undefined) - Number(b.via !== undefined));
}

function wantedRules(
  slots: readonly { dev: string; mark: number }[],
  devices: readonly string[],
  own: string,
  pools: Pools,
): IpRule[] {
  const users = formatCidr(pools.users);
  return [
    // No mark opens the way from one user to another, whatever somebody makes of the rule set.
    ...slots.map(({ dev }) => ({ pref: PREF.users, match: `to ${users} iif ${dev}`, action: 'unreachable' })),
    { pref: PREF.pass, match: `fwmark ${PASS}/${PASS}`, action: `lookup ${PASS_TABLE}` },
    { pref: PREF.local, match: `fwmark ${LOCAL}/${LOCAL}`, action: 'lookup local' },
    ...slots.map(({ mark }) => ({
      pref: PREF.outer,
      match: `fwmark 0x${mark.toString(16)}`,
      action: `lookup ${mark}`,
    })),
    ...devices.map((dev) => ({ pref: PREF.tunnels, match: `iif ${dev}`, action: 'unreachable' })),
    { pref: PREF.probes, match: `from ${own} iif lo`, action: `lookup ${PROBE_TABLE}` },
    { pref: PREF.localTable, match: '', action: 'lookup local' },
    ...Object.values(pools).map((pool) => ({
      pref: PREF.pools,
      match: `to ${formatCidr(pool)}`,
      action: 'unreachable',
    })),
  ];
}
