import { SHARD_CHAINS, TABLE, dispatchRule } from './shards.ts';

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

/** A chain with its hook, if it has one, and its rules. */
interface Chain {
  readonly name: string;
  readonly hook: string;
  readonly rules: readonly string[];
}

/**
 * The commands that replace what is not a shard's, and leave all sets and the shards' chains as they are. In one
 * transaction, so that no packet meets a half of it.
 */
export function frameText(frame: Frame): string {
  const chains = chainsOf(frame);
  const declared = chains.map(({ name, hook }) => `  chain ${name} { ${hook} }\n`);
  const shards = SHARD_CHAINS.map((name) => `  chain ${name} { }\n`);
  const flushed = chains.map(({ name }) => `flush chain ip ${TABLE} ${name}\n`);
  const rules = chains.map(({ name, rules: own }) => `  chain ${name} {\n    ${own.join('\n    ')}\n  }\n`);
  return `table ip ${TABLE} {
  set opening { ${perUser(',timeout; timeout 1m')}; }
  set refused { ${perUser(',timeout; timeout 1m')}; }
  set ended { ${perUser(',timeout; timeout 1m')}; }
  set connections { ${perUser('')}; }
  set limited { ${perUser(',timeout; timeout 1h; counter')}; }
${declared.join('')}${shards.join('')}}
${flushed.join('')}table ip ${TABLE} {
${rules.join('')}}
`;
}

/**
 * The chains of the frame. Every packet between a slot and the agents is checked against `boundNN` in both directions,
 * whatever state its connection is in (VPN-8). Answers to what is refused are limited, but all connections that a user may
 * have can be told at once that they ended.
 */
function chainsOf(frame: Frame): Chain[] {
  const tunnels = `{ ${[...frame.slots, frame.agents].map(quoted).join(', ')} }`;
  const slots = `{ ${frame.slots.map(quoted).join(', ')} }`;
  const agents = quoted(frame.agents);
  // Without a slot there are no users, and nft knows no empty set of names.
  const from = frame.slots.length === 0 ? 'iifname "-"' : `iifname ${slots}`;
  const to = frame.slots.length === 0 ? 'oifname "-"' : `oifname ${slots}`;
  return [
    ...trackingChains(frame, tunnels, from, to),
    ...gateChains(frame, tunnels, agents, from),
    ...passageChains(frame, agents, from, to),
  ];
}

/** What is tracked, how fast a user may open connections, and where they lead. */
function trackingChains(frame: Frame, tunnels: string, from: string, to: string): Chain[] {
  const { limits } = frame;
  const ports = `{ ${frame.ports.join(', ')} }`;
  return [
    base('outer_in', 'filter', 'prerouting', 'raw', [
      `iifname != ${tunnels} udp dport ${ports} fib daddr type local notrack`,
    ]),
    base('outer_out', 'filter', 'output', 'raw', [
      `oifname != ${tunnels} udp sport ${ports} notrack`,
      `${to} meta mark ${NUDGE} notrack`,
    ]),
    base('limit_', 'filter', 'prerouting', 'mangle', [`${from} ct state new ct status & confirmed == 0 goto opening_`]),
    plain('opening_', [
      `update @opening { ip saddr limit rate ${limits.newPerSecond}/second burst ${limits.burst} packets } accept`,
      'update @limited { ip saddr } drop',
      'drop',
    ]),
    plain('lookups', [dispatchRule('lookups', 'ip saddr')]),
    base('translate', 'nat', 'prerouting', 'dstnat', [
      `${from} ip daddr { ${frame.alias}, ${frame.hidden} } ct mark set 0 accept`,
      `${from} ct mark set 1 jump lookups`,
    ]),
  ];
}

/** The marks without which nothing is routed. */
function gateChains(frame: Frame, tunnels: string, agents: string, from: string): Chain[] {
  return [
    base('gate', 'filter', 'prerouting', '-90', [
      `iifname ${tunnels} ct state invalid drop`,
      `iifname ${tunnels} meta mark set 0`,
      `${from} meta mark set ${PASS}`,
      `iifname ${agents} ip daddr ${frame.users} meta mark set ${PASS}`,
      `iifname ${agents} ip saddr ${frame.infrastructure} ip daddr ${frame.address} udp sport ${frame.probePort} ct direction reply ct state established meta mark set ${LOCAL}`,
    ]),
    base('local_', 'filter', 'input', 'filter', [
      `iifname ${agents} meta mark ${LOCAL} accept`,
      `iifname ${tunnels} drop`,
    ]),
    base('own_errors', 'filter', 'output', 'filter', [
      `oifname ${tunnels} icmp type { destination-unreachable, time-exceeded, parameter-problem } ip saddr set @nh,352,32`,
    ]),
  ];
}

/** What passes between users and agents, and what is said to those who are refused. */
function passageChains(frame: Frame, agents: string, from: string, to: string): Chain[] {
  const { connections } = frame.limits;
  return [
    plain('upward', [dispatchRule('upward', 'ip saddr')]),
    plain('downward', [dispatchRule('downward', 'ip daddr')]),
    base('forward_', 'filter', 'forward', 'filter', [
      `${from} oifname ${agents} jump upward`,
      `${from} goto refuse`,
      `iifname ${agents} ${to} ct direction reply ct state established,related jump downward`,
      `iifname ${agents} ${to} ct direction reply ct state established ip protocol tcp meta mark set ${PASS} reject with tcp reset`,
    ]),
    plain('clamp', ['tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu']),
    plain('admit', [
      'jump clamp',
      'ct state established,related accept',
      'ct status & confirmed == confirmed accept',
      `add @connections { ip saddr ct count ${connections} } accept`,
      'update @limited { ip saddr } drop',
      'drop',
    ]),
    plain('deliver', ['jump clamp', 'accept']),
    plain('refuse', [
      `ip protocol tcp ct status & confirmed == confirmed update @ended { ip saddr limit rate 20/second burst ${connections} packets } goto answer`,
      'update @refused { ip saddr limit rate 20/second burst 100 packets } goto answer',
      'drop',
    ]),
    plain('answer', [
      `meta mark set ${PASS}`,
      'ip protocol tcp reject with tcp reset',
      'reject with icmp type admin-prohibited',
    ]),
  ];
}

/**
 * The names of the table's chains that are not ours, from the output of `nft list chains ip`: a foreign one with a hook may
 * drop what passes.
 */
export function foreignChains(listing: string, frame: Frame): string[] {
  const own = new Set([...chainsOf(frame).map(({ name }) => name), ...SHARD_CHAINS]);
  const tables = listing.split(/^table /m);
  const table = tables.find((text) => text.startsWith(`ip ${TABLE} {`)) ?? '';
  return [...table.matchAll(/^\tchain (\S+) \{/gm)].flatMap(([, name = '']) => (own.has(name) ? [] : [name]));
}

/** A chain with a hook. Of forwarding what no rule accepts is dropped. */
function base(name: string, type: string, hook: string, priority: string, rules: readonly string[]): Chain {
  const policy = hook === 'forward' ? 'drop' : 'accept';
  return { name, hook: `type ${type} hook ${hook} priority ${priority}; policy ${policy};`, rules };
}

function plain(name: string, rules: readonly string[]): Chain {
  return { name, hook: '', rules };
}

/** A set with one element per user, written by packets. */
function perUser(rest: string): string {
  return `type ipv4_addr; size ${USERS}; flags dynamic${rest}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
