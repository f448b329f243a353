import { maskOf } from '../net/cidr.ts';
import { type Elements, lengthOf } from './compile.ts';

/** The table that a gateway owns. */
export const TABLE = 'parkway';

/** Packet marks that choose routes: to plants and users, and to the gateway itself. */
export const PASS = '0x100';
export const LOCAL = '0x200';
/** The mark of `dismiss.ts`: routed as PASS, and not tracked, for its packets only look like those of a connection. */
export const NUDGE = '0x500';

/** What stands in the rule set and is not an element. */
export interface Frame {
  /** Names of the slot interfaces. */
  readonly slots: readonly string[];
  readonly agents: string;
  /** UDP ports of all tunnels. */
  readonly ports: readonly number[];
  readonly users: string;
  readonly infrastructure: string;
  readonly alias: string;
  readonly hidden: string;
  /** The gateway's own infrastructure address. */
  readonly address: string;
  readonly probePort: number;
  readonly limits: Limits;
}

/** What one user may do (VPN-16). */
export interface Limits {
  /** New connections in a second, and how many at once before that counts. */
  readonly newPerSecond: number;
  readonly burst: number;
  /** Connections at a time. */
  readonly connections: number;
}

/** As many users as the per-user sets hold: the whole user pool. */
const USERS = 1_048_576;

/** As many elements as one command adds. */
const ELEMENTS_PER_COMMAND = 5000;

/**
 * The rule set without the parts for each prefix length, as commands that replace the table. Every packet between a
 * slot and the agents is checked against `boundNN` in both directions, whatever state its connection is in (VPN-8). Answers
 * to what is refused are limited, but all connections that a user may have can be told at once that they ended.
 */
export function frameText(frame: Frame): string {
  const slots = `{ ${frame.slots.map(quoted).join(', ')} }`;
  const tunnels = `{ ${[...frame.slots, frame.agents].map(quoted).join(', ')} }`;
  const agents = quoted(frame.agents);
  // Without a slot there are no users, and nft knows no empty set of names.
  const from = frame.slots.length === 0 ? 'iifname "-"' : `iifname ${slots}`;
  const to = frame.slots.length === 0 ? 'oifname "-"' : `oifname ${slots}`;
  const { limits } = frame;
  return `delete table ip ${TABLE}
table ip ${TABLE} {
  set opening { ${perUser(',timeout; timeout 1m')}; }
  set refused { ${perUser(',timeout; timeout 1m')}; }
  set ended { ${perUser(',timeout; timeout 1m')}; }
  set connections { ${perUser('')}; }
  set limited { ${perUser(',timeout; timeout 1h; counter')}; }
  chain outer_in { type filter hook prerouting priority raw;
    iifname != ${tunnels} udp dport { ${frame.ports.join(', ')} } fib daddr type local notrack; }
  chain outer_out { type filter hook output priority raw;
    oifname != ${tunnels} udp sport { ${frame.ports.join(', ')} } notrack
    ${to} meta mark ${NUDGE} notrack; }
  chain limit_ { type filter hook prerouting priority mangle;
    ${from} ct state new ct status & confirmed == 0 goto opening_; }
  chain opening_ {
    update @opening { ip saddr limit rate ${limits.newPerSecond}/second burst ${limits.burst} packets } accept
    update @limited { ip saddr } drop
    drop; }
  chain lookups { }
  chain translate { type nat hook prerouting priority dstnat;
    ${from} ip daddr { ${frame.alias}, ${frame.hidden} } ct mark set 0 accept
    ${from} ct mark set 1 jump lookups; }
  chain gate { type filter hook prerouting priority -90;
    iifname ${tunnels} ct state invalid drop
    iifname ${tunnels} meta mark set 0
    ${from} meta mark set ${PASS}
    iifname ${agents} ip daddr ${frame.users} meta mark set ${PASS}
    iifname ${agents} ip saddr ${frame.infrastructure} ip daddr ${frame.address} udp sport ${frame.probePort} ct direction reply ct state established meta mark set ${LOCAL}; }
  chain local_ { type filter hook input priority filter;
    iifname ${agents} meta mark ${LOCAL} accept
    iifname ${tunnels} drop; }
  chain own_errors { type filter hook output priority filter;
    oifname ${tunnels} icmp type { destination-unreachable, time-exceeded, parameter-problem } ip saddr set @nh,352,32; }
  chain upward { }
  chain downward { }
  chain forward_ { type filter hook forward priority filter; policy drop;
    ${from} oifname ${agents} jump upward
    ${from} goto refuse
    iifname ${agents} ${to} ct direction reply ct state established,related jump downward
    iifname ${agents} ${to} ct direction reply ct state established ip protocol tcp meta mark set ${PASS} reject with tcp reset; }
  chain clamp { tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu; }
  chain admit {
    jump clamp
    ct state established,related accept
    ct status & confirmed == confirmed accept
    add @connections { ip saddr ct count ${limits.connections} } accept
    update @limited { ip saddr } drop
    drop; }
  chain deliver {
    jump clamp
    accept; }
  chain refuse {
    ip protocol tcp ct status & confirmed == confirmed update @ended { ip saddr limit rate 20/second burst ${limits.connections} packets } goto answer
    update @refused { ip saddr limit rate 20/second burst 100 packets } goto answer
    drop; }
  chain answer {
    meta mark set ${PASS}
    ip protocol tcp reject with tcp reset
    reject with icmp type admin-prohibited; }
}
`;
}

/**
 * The commands that add what one prefix length needs. Owned pieces are disjoint, so at most one length matches and their
 * order does not matter. nft 1.0.6 has no keys like `ip saddr . (ip daddr & mask)`: the mark carries the network.
 */
export function lengthText(length: number): string {
  const mask = `0x${maskOf(length).toString(16).padStart(8, '0')}`;
  return `add map ip ${TABLE} r${length} { typeof ip saddr . meta mark : interval ip daddr; }
add set ip ${TABLE} bound${length} { type ipv4_addr . mark . mark; }
add rule ip ${TABLE} lookups meta mark set @nh,128,32 & ${mask} dnat ip prefix to ip saddr . meta mark map @r${length}
add rule ip ${TABLE} upward meta mark set @nh,128,32 & ${mask} ip saddr . ct mark . meta mark @bound${length} goto admit
add rule ip ${TABLE} downward meta mark set @nh,96,32 & ${mask} ip daddr . ct mark . meta mark @bound${length} goto deliver
`;
}

/** The commands that add or delete elements, grouped by set. */
export function elementsText(verb: 'add' | 'delete', elements: Iterable<[string, string]>): string {
  const groups = new Map<string, string[]>();
  for (const [element, value] of elements) {
    const at = element.indexOf(' ');
    const name = element.slice(0, at);
    const group = groups.get(name) ?? [];
    group.push(verb === 'delete' || value === '' ? element.slice(at + 1) : `${element.slice(at + 1)} : ${value}`);
    groups.set(name, group);
  }
  return [...groups]
    .flatMap(([name, group]) =>
      chunks(group).map((part) => `${verb} element ip ${TABLE} ${name} { ${part.join(', ')} }\n`),
    )
    .join('');
}

/** Prefix lengths that elements use, ascending. */
export function lengthsOf(elements: Elements): Set<number> {
  return new Set([...elements.keys()].map(lengthOf).sort((a, b) => a - b));
}

function chunks(items: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < items.length; at += ELEMENTS_PER_COMMAND)
    parts.push(items.slice(at, at + ELEMENTS_PER_COMMAND));
  return parts;
}

/** A set with one element per user, written by packets. */
function perUser(rest: string): string {
  return `type ipv4_addr; size ${USERS}; flags dynamic${rest}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
