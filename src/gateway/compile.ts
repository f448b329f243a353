/**
 * `gateway` owns an entry point: it holds what control last told it, compiles that into kernel state, keeps the kernel to
 * it, and says which paths to agents are up. Control and database may be away for as long as they like.
 *
 * This file: rows to kernel entries. Pure.
 */
import { deriveRoutes } from '../access/routes.ts';
import { type Cidr, formatCidr, prefixOf } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import type { State } from './state.ts';

/** The connection mark of a connection by native address, and by alias. */
export const NATIVE = 1;
export const ALIAS = 0;

/**
 * Elements of the rule set: `r24 100.64.0.11 . 0x0001a8c0` (map or set, and key) → the value in a map, '' in a set.
 * The prefix length is the number in the name.
 */
export type Elements = Map<string, string>;

/** A difference between two groups of elements. A replaced value is in both lists. */
export interface ElementChange {
  readonly remove: Elements;
  readonly add: Elements;
}

/** All elements that one user needs: a translation per owned piece, and what may pass by native address and by alias. */
export function compileUser(state: State, user: Ip, pools: Pools): Elements {
  const elements: Elements = new Map();
  const reach = state.reach.get(user);
  if (reach === undefined || !state.users.has(user)) return elements;
  const subnets = [...reach.keys()].flatMap((plant) =>
    [...(state.subnetsOf.get(plant) ?? [])].flatMap((n) => state.subnets.get(n) ?? []),
  );
  const routes = deriveRoutes(
    {
      reach: [...reach].map(([plant, since]) => ({ plant, since })),
      subnets,
      settings: [...(state.settings.get(user)?.values() ?? [])],
    },
    pools,
  );
  const saddr = formatIp(user);
  for (const { enforced } of routes) {
    for (const { network, range } of enforced.native) {
      elements.set(`r${network.length} ${saddr} . ${markOf(network)}`, formatCidr(range));
      elements.set(`bound${range.length} ${saddr} . ${NATIVE} . ${markOf(range)}`, '');
    }
    for (const range of enforced.alias) elements.set(`bound${range.length} ${saddr} . ${ALIAS} . ${markOf(range)}`, '');
  }
  return elements;
}

/** Whether elements let a connection of a user pass that has this mark and leads to this address inside Parkway. */
export function permits(elements: Elements, user: Ip, mark: number, target: Ip): boolean {
  const saddr = formatIp(user);
  for (let length = 0; length <= 32; length += 1)
    if (elements.has(`bound${length} ${saddr} . ${mark} . ${markOf(prefixOf(target, length))}`)) return true;
  return false;
}

/** What to remove and add so that `before` becomes `after`. */
export function compareElements(before: Elements, after: Elements): ElementChange {
  const remove: Elements = new Map();
  const add: Elements = new Map();
  for (const [key, value] of before) if (after.get(key) !== value) remove.set(key, value);
  for (const [key, value] of after) if (before.get(key) !== value) add.set(key, value);
  return { remove, add };
}

/** The prefix length of an element. */
export function lengthOf(element: string): number {
  return Number(/\d+/.exec(element)?.[0]);
}

/** The peer that a certificate is: its slot's interface, and the user's address as only source. Undefined when there is none. */
export function userPeer(state: State, user: Ip): Peer | undefined {
  const row = state.users.get(user);
  if (row === undefined || !state.slots.has(row.slot)) return undefined;
  return { dev: slotDevice(row.slot), publicKey: row.publicKey, allowedIps: [`${formatIp(user)}/32`] };
}

/** The peer that a plant's agent is: its own address and the unique ranges of its plant, and nothing else that it may claim. */
export function agentPeer(state: State, plant: number): Peer | undefined {
  const row = state.agents.get(plant);
  if (row === undefined) return undefined;
  const ranges = [...(state.subnetsOf.get(plant) ?? [])]
    .flatMap((number) => state.subnets.get(number) ?? [])
    .map((subnet) => formatCidr(subnet.range));
  return {
    dev: AGENTS_DEVICE,
    publicKey: row.publicKey,
    allowedIps: [`${formatIp(row.address)}/32`, ...ranges.sort()],
  };
}

/** A WireGuard peer and the interface it belongs to. */
export interface Peer {
  readonly dev: string;
  readonly publicKey: PublicKey;
  readonly allowedIps: readonly string[];
}

/** The interface that agents dial. */
export const AGENTS_DEVICE = 'agents';

/** The interface of a slot. */
export function slotDevice(slot: number): string {
  return `slot${slot}`;
}

/** All peers by interface. Interfaces without a peer are not in it. */
export function allPeers(state: State): Map<string, Peer[]> {
  const peers = [
    ...state.users.keys().map((user) => userPeer(state, user)),
    ...state.agents.keys().map((plant) => agentPeer(state, plant)),
  ];
  return Map.groupBy(
    peers.filter((peer) => peer !== undefined),
    (peer) => peer.dev,
  );
}

/**
 * The base of a prefix as nftables holds it in a mark. A mark is in host order and the address was copied as it stands
 * in the packet: on a little-endian machine the bytes come out reversed.
 */
function markOf(prefix: Cidr): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(prefix.base);
  return `0x${bytes.toString('hex')}`;
}
