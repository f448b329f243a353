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
 * Into so many shards the users' sets are divided, by the lowest bits of the user's address: each is small enough to be
 * replaced, or listed, by one short run of `nft`.
 */
export const SHARDS = 64;

/**
 * Elements of the rule set: `r24s11 100.64.0.11 . 0x0001a8c0` (map or set, and key) → the value in a map, '' in a set.
 * The first number in the name is the prefix length, the second the shard.
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
  const own = `s${shardOf(user)} ${formatIp(user)}`;
  for (const { enforced } of routes) {
    for (const { network, range } of enforced.native) {
      elements.set(`r${network.length}${own} . ${markOf(network)}`, formatCidr(range));
      elements.set(`bound${range.length}${own} . ${NATIVE} . ${markOf(range)}`, '');
    }
    for (const range of enforced.alias) elements.set(`bound${range.length}${own} . ${ALIAS} . ${markOf(range)}`, '');
  }
  return elements;
}

/** Whether elements let a connection of a user pass that has this mark and leads to this address inside Parkway. */
export function permits(elements: Elements, user: Ip, mark: number, target: Ip): boolean {
  const own = `s${shardOf(user)} ${formatIp(user)}`;
  for (let length = 0; length <= 32; length += 1)
    if (elements.has(`bound${length}${own} . ${mark} . ${markOf(prefixOf(target, length))}`)) return true;
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

/** The shard of a user's address, 0 to 63. */
export function shardOf(user: Ip): number {
  return user % SHARDS;
}

/** Which prefix length and shard an element, or a set by its name, belongs to. Undefined for another set's name. */
export function placeOf(element: string): { length: number; shard: number } | undefined {
  const [, length, shard] = /^(?:r|bound)(\d+)s(\d+)(?= |$)/.exec(element) ?? [];
  return shard === undefined ? undefined : { length: Number(length), shard: Number(shard) };
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

/** All peers of an interface. */
export function peersOf(state: State, dev: string): Peer[] {
  const peers =
    dev === AGENTS_DEVICE
      ? state.agents.keys().map((plant) => agentPeer(state, plant))
      : state.users.keys().map((user) => userPeer(state, user));
  return [...peers].filter((peer) => peer?.dev === dev).filter((peer) => peer !== undefined);
}

/**
 * The base of a prefix as nftables holds it in a mark. A mark is in host order and the address was copied as it stands
 * in the packet: on a little-endian machine the bytes come out reversed.
 */
function markOf({ base }: Cidr): string {
  const swapped = ((base & 0xff) << 24) | ((base & 0xff00) << 8) | ((base >>> 8) & 0xff00) | (base >>> 24);
  return `0x${(swapped >>> 0).toString(16).padStart(8, '0')}`;
}
