/**
 * The agent's rule set, as text for `nft`. It decides at one place, the chain `admit`: a packet that is permitted gets a
 * mark, and only marked packets have a route (`network.ts`). So a missing rule set forwards nothing, and each packet of
 * each direction is checked against the users and subnets of this moment.
 *
 * Chains accept by default: the machine may forward for others, and what concerns no tunnel passes untouched.
 */
import { formatCidr } from '../net/cidr.ts';
import { formatIp } from '../net/ip.ts';
import type { AgentState } from '../wire/state.ts';
import { PROBE_PORT } from '../wire/sync.ts';
import { PROBE_MARK, TABLE, TAG, TAG_MASK, formatMark, markOf, tunnelName } from './names.ts';

const SETS = {
  users: 'set users { type ipv4_addr; }',
  tunnels: 'set tunnels { type ifname; }',
  marks: 'map marks { type ifname : mark; }',
  probers: 'set probers { type ifname . ipv4_addr; }',
  ranges: 'map ranges { type ipv4_addr : interval ipv4_addr; flags interval; }',
  pairs: 'set pairs { type ipv4_addr . ipv4_addr; flags interval; }',
} as const;

type SetName = keyof typeof SETS;
const SET_NAMES = ['users', 'tunnels', 'marks', 'probers', 'ranges', 'pairs'] as const satisfies readonly SetName[];

/** The commands that make the whole table, in place of whatever it was. */
export function tableText(state: AgentState): string {
  return `delete table ip ${TABLE}
table ip ${TABLE} {
${SET_NAMES.map((name) => `  ${SETS[name]}\n`).join('')}${chains(formatIp(state.address))}}
${elementText('add', noElements, elementsOf(state))}`;
}

/** Commands that lead from one state to another: applied together they are one transaction. Either may be empty. */
export interface Update {
  readonly withdraw: string;
  readonly grant: string;
}

/** The commands that lead from one state to the next in a table that holds the first. Both have the same agent address. */
export function updateText(before: AgentState, after: AgentState): Update {
  const [old, now] = [elementsOf(before), elementsOf(after)];
  return { withdraw: elementText('delete', now, old), grant: elementText('add', old, now) };
}

type Elements = Readonly<Record<SetName, readonly string[]>>;
const noElements: Elements = { users: [], tunnels: [], marks: [], probers: [], ranges: [], pairs: [] };

function elementsOf({ users, gateways, subnets }: AgentState): Elements {
  const ranges = subnets.map(({ range, network }) => [formatCidr(range), formatCidr(network)] as const);
  return {
    users: users.map(formatIp),
    tunnels: gateways.map(({ gateway }) => `"${tunnelName(gateway)}"`),
    marks: gateways.map(({ gateway }) => `"${tunnelName(gateway)}" : ${formatMark(markOf(gateway))}`),
    probers: gateways.map(({ gateway, address }) => `"${tunnelName(gateway)}" . ${formatIp(address)}`),
    ranges: ranges.map(([range, network]) => `${range} : ${network}`),
    pairs: ranges.map(([range, network]) => `${range} . ${network}`),
  };
}

/** `add` or `delete` of the elements of `here` that are not in `there`. */
function elementText(verb: 'add' | 'delete', there: Elements, here: Elements): string {
  return SET_NAMES.map((name) => {
    const known = new Set(there[name]);
    const elements = here[name].filter((element) => !known.has(element));
    return elements.length === 0 ? '' : `${verb} element ip ${TABLE} ${name} { ${elements.join(', ')} }\n`;
  }).join('');
}

/**
 * The chains. `ct original` is the connection as the user opened it, also in an ICMP error about it, so the same check
 * serves both directions. `pairs` asks that the connection still leads to the subnet that its range stands for now.
 */
function chains(self: string): string {
  const ours = `& ${formatMark(TAG_MASK)} == ${formatMark(TAG)}`;
  const probe = formatMark(PROBE_MARK);
  const permitted = 'ct original ip saddr @users ct original ip daddr . ct reply ip saddr @pairs';
  return `  chain translate {
    type nat hook prerouting priority dstnat - 5; policy accept;
    iifname @tunnels ip saddr @users dnat ip prefix to ip daddr map @ranges
  }
  chain admit {
    type filter hook prerouting priority dstnat + 10; policy accept;
    iifname @tunnels goto inward
    ct mark ${ours} ct direction reply ct state established ${permitted} meta mark set ct mark
    ct mark ${ours} ct direction reply ct state related meta l4proto icmp ${permitted} meta mark set ct mark
  }
  chain inward {
    meta mark set 0
    ip daddr ${self} udp dport ${PROBE_PORT} iifname . ip saddr @probers meta mark set ${probe} accept
    ct direction original ct status dnat ${permitted} meta mark set iifname map @marks ct mark set meta mark
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname @tunnels meta mark ${probe} accept
    iifname @tunnels drop
    iifname != "lo" ip daddr ${self} drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname @tunnels oifname @tunnels drop
    iifname @tunnels fib daddr type != unicast drop
    iifname @tunnels goto marked
    oifname @tunnels goto marked
  }
  chain marked {
    meta mark ${ours} tcp flags syn tcp option maxseg size set rt mtu
    meta mark ${ours} accept
    drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    oifname @tunnels meta mark ${ours} accept
    oifname @tunnels ip saddr ${self} udp sport ${PROBE_PORT} oifname . ip daddr @probers accept
    oifname @tunnels drop
  }
  chain hide {
    type nat hook postrouting priority srcnat - 5; policy accept;
    ct mark ${ours} ct direction original oifname != @tunnels masquerade
  }
`;
}
