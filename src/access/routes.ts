import { type Cidr, contains, prefixOf, sameCidr, translate } from '../net/cidr.ts';
import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type Piece, settle } from './ownership.ts';

/** Why a route exists: what one user may reach, and what the plants there have. Numbers are the plants' and subnets' own. */
export interface RouteFacts {
  /** The plants, each with the revision since when. */
  readonly reach: readonly { readonly plant: number; readonly since: number }[];
  /** Subnets of these plants; those of others give nothing. */
  readonly subnets: readonly {
    readonly subnet: number;
    readonly plant: number;
    readonly network: Cidr;
    /** The unique range that stands for `network`: same size, host n for host n. */
    readonly range: Cidr;
    readonly since: number;
  }[];
  /** What the user set; a subnet without a row was never chosen and is not paused. */
  readonly settings: readonly { readonly subnet: number; readonly chosen: number; readonly paused: boolean }[];
}

/** A native prefix and the same place in the unique range. */
export interface Passage {
  readonly network: Cidr;
  readonly range: Cidr;
}

/** One subnet that a user may reach. */
export interface Route extends Passage {
  readonly subnet: number;
  readonly plant: number;
  /** Whether the user paused it (VPN-11): nothing passes, and it keeps what it owns. */
  readonly paused: boolean;
  /** How much of its network it owns (VPN-9): all, a part, or nothing. */
  readonly state: 'owner' | 'partly' | 'conflict';
  /** What it owns, as disjoint pieces in address order. */
  readonly owned: readonly Passage[];
  /** What lets packets pass: the owned pieces by native address, and the alias where users may type it. Empty when paused. */
  readonly enforced: { readonly native: readonly Passage[]; readonly alias: readonly Cidr[] };
}

/**
 * The routes of one user, ordered by subnet number. The gateways compile what they enforce from this and control explains
 * from it, so both say the same. Near-linear in the number of subnets.
 */
export function deriveRoutes(facts: RouteFacts, pools: Pools): Route[] {
  const reachedSince = new Map(facts.reach.map(({ plant, since }) => [plant, since]));
  const settings = new Map(facts.settings.map((row) => [row.subnet, row]));
  const claims = facts.subnets
    .flatMap((subnet) => {
      const reached = reachedSince.get(subnet.plant);
      if (reached === undefined) return [];
      const chosen = settings.get(subnet.subnet)?.chosen ?? 0;
      return { subnet, network: subnet.network, since: Math.max(reached, subnet.since), chosen };
    })
    // Where two came at the same revision the lower number wins, whatever order the rows were read in.
    .sort((a, b) => a.subnet.subnet - b.subnet.subnet);
  const owned = Map.groupBy(settle(claims), ({ owner }) => owner.subnet.subnet);
  return claims.map(({ subnet }) => {
    const pieces = owned.get(subnet.subnet) ?? [];
    return toRoute(subnet, pieces, settings.get(subnet.subnet)?.paused ?? false, pools);
  });
}

function toRoute(
  { subnet, plant, network, range }: RouteFacts['subnets'][number],
  pieces: readonly Piece<unknown>[],
  paused: boolean,
  pools: Pools,
): Route {
  const owned = pieces.map((piece) => ({ network: piece.range, range: translate(piece.range, network, range) }));
  const alias = contains(pools.alias, range) ? [range] : [];
  const isWhole = pieces.some((piece) => sameCidr(piece.range, network));
  return {
    subnet,
    plant,
    network,
    range,
    paused,
    state: isWhole ? 'owner' : owned.length > 0 ? 'partly' : 'conflict',
    owned,
    enforced: paused ? { native: [], alias: [] } : { native: owned, alias },
  };
}

/** Where a packet ends: the plant and subnet, and the device's address there. */
export interface Destination {
  readonly plant: number;
  readonly subnet: number;
  readonly address: Ip;
}

/** What a user's packets are looked up in, as gateways hold it: one hash per prefix length, the longest first. */
export type RouteTable = readonly (readonly [length: number, passages: ReadonlyMap<Ip, Passage & { route: Route }>])[];

/** The table of all that is enforced for one user. An alias is a passage from the unique range to itself. */
export function routeTable(routes: readonly Route[]): RouteTable {
  const passages = routes.flatMap((route) => [
    ...route.enforced.native.map((passage) => ({ ...passage, route })),
    ...route.enforced.alias.map((range) => ({ network: range, range, route })),
  ]);
  return [...Map.groupBy(passages, ({ network }) => network.length)]
    .map(([length, group]) => [length, new Map(group.map((passage) => [passage.network.base, passage]))] as const)
    .sort(([a], [b]) => b - a);
}

/**
 * Where a packet of the user to `address` ends, by the longest prefix; undefined when nowhere. The gateway translates to
 * the unique range, the agent from there to the device.
 */
export function lookup(table: RouteTable, address: Ip): Destination | undefined {
  for (const [length, passages] of table) {
    const passage = passages.get(prefixOf(address, length).base);
    if (passage === undefined) continue;
    const { route, network, range } = passage;
    const unique = translate({ base: address, length: 32 }, network, range);
    return { plant: route.plant, subnet: route.subnet, address: translate(unique, route.range, route.network).base };
  }
  return undefined;
}
