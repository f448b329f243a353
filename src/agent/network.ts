/**
 * Interfaces, addresses and routes as an agent's state wants them. "No rules, no route": what comes from a tunnel is
 * routed when the rule set marked it and is unreachable otherwise, the machine's own addresses included, because these
 * policy rules stand before the `local` table.
 */
import { formatCidr } from '../net/cidr.ts';
import { formatIp } from '../net/ip.ts';
import type { IpRoute, IpRule, IpWanted } from '../kernel/ip.ts';
import type { Sysctls } from '../kernel/sysctl.ts';
import type { WgPeer } from '../kernel/wg.ts';
import type { AgentState } from '../wire/state.ts';
import { PROBE_MARK, formatMark, isTunnelName, markOf, tunnelName } from './names.ts';

/** What WireGuard leaves of an Ethernet's 1500 bytes. */
const TUNNEL_MTU = 1420;

/** Seconds; keeps the NAT in front of the plant open and the gateway informed (AGT-1). */
const KEEPALIVE = 5;

/** Priorities of our policy rules, in their order. */
const PREF = { admitted: 50, refused: 51, replies: 60, gateways: 61, local: 70, pools: 71 } as const;
const PREFS: ReadonlySet<number> = new Set(Object.values(PREF));

/** A tunnel to a gateway: its interface and its only peer. */
export interface Tunnel {
  readonly dev: string;
  readonly peer: WgPeer;
}

/** The tunnels that a state wants. */
export function tunnelsOf(state: AgentState): Tunnel[] {
  return state.gateways.map(({ gateway, publicKey, endpoint, address }) => ({
    dev: tunnelName(gateway),
    peer: {
      publicKey,
      endpoint,
      keepalive: KEEPALIVE,
      allowedIps: [formatCidr(state.userPool), `${formatIp(address)}/32`],
    },
  }));
}

/** The routing tables that are the agent's: replies by each tunnel, and the gateways' own addresses. */
export function tablesOf(state: AgentState): string[] {
  return [...state.gateways.map(({ gateway }) => String(markOf(gateway))), String(PROBE_MARK)];
}

/** Addresses, policy rules and routes. Only interfaces in `present` can carry any; the rules come before the interfaces. */
export function ipWanted(state: AgentState, present: ReadonlySet<string>): IpWanted {
  const gateways = state.gateways.filter(({ gateway }) => present.has(tunnelName(gateway)));
  const tables = new Set(tablesOf(state));
  return {
    links: gateways.map(({ gateway }) => ({ dev: tunnelName(gateway), mtu: TUNNEL_MTU })),
    addresses: gateways.map(({ gateway }) => ({ dev: tunnelName(gateway), address: `${formatIp(state.address)}/32` })),
    rules: rulesOf(state),
    routes: gateways.flatMap(({ gateway, address }): IpRoute[] => {
      const way = { dev: tunnelName(gateway), src: formatIp(state.address) };
      return [
        { table: String(markOf(gateway)), dst: formatCidr(state.userPool), ...way },
        { table: String(PROBE_MARK), dst: formatIp(address), ...way },
      ];
    }),
    owned: {
      address: ({ dev }) => isTunnelName(dev) && tables.has(String(markOf(Number(dev.slice(2))))),
      rule: ({ pref, match, action }) => PREFS.has(pref) || (pref === 0 && match === '' && action === 'lookup local'),
      table: (table) => tables.has(table),
    },
  };
}

const rule = (pref: number, match: string, action: string): IpRule => ({ pref, match, action });

function rulesOf(state: AgentState): IpRule[] {
  const tunnels = state.gateways.flatMap(({ gateway }) => {
    const [dev, mark] = [tunnelName(gateway), markOf(gateway)];
    return [
      rule(PREF.admitted, `fwmark ${formatMark(mark)} iif ${dev}`, 'lookup main'),
      rule(PREF.admitted, `fwmark ${formatMark(PROBE_MARK)} iif ${dev}`, 'lookup local'),
      rule(PREF.refused, `iif ${dev}`, 'unreachable'),
      rule(PREF.replies, `fwmark ${formatMark(mark)}`, `lookup ${mark}`),
    ];
  });
  const pools = [state.userPool, state.infrastructurePool].map((pool) => `to ${formatCidr(pool)}`);
  return [
    ...tunnels,
    rule(PREF.gateways, `to ${formatCidr(state.infrastructurePool)}`, `lookup ${PROBE_MARK}`),
    rule(PREF.local, '', 'lookup local'),
    ...pools.map((pool) => rule(PREF.pools, pool, 'unreachable')),
  ];
}

/** Kernel parameters that the data plane rests on. The connection tracker's exist once a rule set that uses it is loaded. */
export function sysctlsOf(state: AgentState, present: ReadonlySet<string>): Sysctls {
  const tunnels = tunnelsOf(state).filter(({ dev }) => present.has(dev));
  return {
    'net.ipv4.ip_forward': '1',
    // Our own ICMP errors take the way of the packet that they are about.
    'net.ipv4.fwmark_reflect': '1',
    // A TCP packet of a connection that the agent has not seen begin is at the wrong plant.
    'net.netfilter.nf_conntrack_tcp_loose': '0',
    'net.netfilter.nf_conntrack_tcp_be_liberal': '1',
    // Broadcast and multicast are delivered without asking any rule: the source check, by the mark, refuses what is not marked.
    ...Object.fromEntries(
      tunnels.flatMap(({ dev }) => [
        [`net.ipv4.conf.${dev}.rp_filter`, '1'],
        [`net.ipv4.conf.${dev}.src_valid_mark`, '1'],
      ]),
    ),
  };
}
