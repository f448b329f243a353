import { type Cidr, compareCidr, contains, lastOf, overlaps } from '../net/cidr.ts';
import type { Route } from './routes.ts';

/** A contested range and the subnet that owns it. */
export interface Contest {
  readonly range: Cidr;
  readonly owner: number;
}

/**
 * What each of one user's routes shares with others and who owns it (VPN-9), by subnet number, for winners and losers alike.
 * Routes that nobody contests are absent. `routes` is all that `deriveRoutes` gave. Linear in routes and contests but for
 * the sorting.
 */
export function contests(routes: readonly Route[]): Map<number, Contest[]> {
  const pieces = routes
    .flatMap(({ owned, subnet }) => owned.map(({ network }) => ({ range: network, owner: subnet })))
    .sort((a, b) => compareCidr(a.range, b.range));
  const found = new Map<number, Contest[]>();
  for (const { outermost, inside } of nests(routes)) {
    if (inside.length === 0) continue;
    const shared = widest(inside).flatMap((network) => ownersIn(network, pieces));
    found.set(outermost.subnet, shared);
    for (const { subnet, network } of inside) found.set(subnet, ownersIn(network, pieces));
  }
  return found;
}

/** Prefixes are disjoint or nested: routes that no other contains, each with the routes inside, in address order. */
function nests(routes: readonly Route[]): { outermost: Route; inside: Route[] }[] {
  const found: { outermost: Route; inside: Route[] }[] = [];
  for (const route of [...routes].sort((a, b) => compareCidr(a.network, b.network))) {
    const last = found.at(-1);
    if (last !== undefined && contains(last.outermost.network, route.network)) last.inside.push(route);
    else found.push({ outermost: route, inside: [] });
  }
  return found;
}

/** The networks that no other of these, in address order, contains. */
function widest(routes: readonly Route[]): Cidr[] {
  const found: Cidr[] = [];
  for (const { network } of routes) {
    const last = found.at(-1);
    if (last === undefined || !contains(last, network)) found.push(network);
  }
  return found;
}

/** The owners within `range`. `pieces` are disjoint and in address order, so those in question are neighbours. */
function ownersIn(range: Cidr, pieces: readonly Contest[]): Contest[] {
  const found: Contest[] = [];
  for (let at = firstFrom(range, pieces); at < pieces.length; at += 1) {
    const piece = pieces[at];
    if (piece === undefined || !overlaps(piece.range, range)) break;
    found.push({ range: piece.range.length > range.length ? piece.range : range, owner: piece.owner });
  }
  return found;
}

/** The index of the first piece that does not lie wholly before `range`. */
function firstFrom(range: Cidr, pieces: readonly Contest[]): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const piece = pieces[middle];
    if (piece !== undefined && lastOf(piece.range) < range.base) low = middle + 1;
    else high = middle;
  }
  return low;
}
