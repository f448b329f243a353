import { type Cidr, compareCidr, contains, halves, sameCidr } from '../net/cidr.ts';

/**
 * One subnet that a user may reach, with what decides who owns contested addresses (VPN-9).
 * `S` is whatever identifies a subnet to the caller.
 */
export interface Claim<S> {
  readonly subnet: S;
  readonly network: Cidr;
  /** Revision at which the user came to have this route. */
  readonly since: number;
  /** Revision at which the user last said "Use this park" here; 0 when never. */
  readonly chosen: number;
}

/** A piece of address space and the claim that owns it. */
export interface Piece<S> {
  readonly range: Cidr;
  readonly owner: Claim<S>;
}

/**
 * Orders claims, the strongest first: the latest choice, then who was there first, then the more specific prefix.
 *
 * A new claim has the highest `since` and no choice, so it never outranks one that is there already: no grant, resume or
 * repair moves an address that is owned, and there is no ownership to store beside `since` and `chosen`.
 */
export function compareClaims<S>(a: Claim<S>, b: Claim<S>): number {
  return (
    b.chosen - a.chosen ||
    a.since - b.since ||
    b.network.length - a.network.length ||
    compareCidr(a.network, b.network)
  );
}

interface Node<S> {
  readonly network: Cidr;
  best: Claim<S>;
  readonly children: Node<S>[];
}

/**
 * Divides the addresses of a user's claims among them: every address goes to its strongest claim.
 * Returns disjoint pieces in address order. A claim nobody contests comes back whole; where two claims share an
 * address and compare equal, the one that stands first in `claims` wins, so give them in a fixed order.
 */
export function settle<S>(claims: readonly Claim<S>[]): Piece<S>[] {
  const pieces: Piece<S>[] = [];
  for (const root of forest(claims)) emit(root, root.network, pieces);
  return pieces;
}

/** Prefixes are disjoint or nested, so claims in address order form trees; `best` is the strongest on the way down. */
function forest<S>(claims: readonly Claim<S>[]): Node<S>[] {
  const roots: Node<S>[] = [];
  const path: Node<S>[] = [];
  for (const claim of [...claims].sort((a, b) => compareCidr(a.network, b.network) || compareClaims(a, b))) {
    let top = path.at(-1);
    while (top !== undefined && !contains(top.network, claim.network)) {
      path.pop();
      top = path.at(-1);
    }
    // Of equal prefixes the strongest came first.
    if (top !== undefined && sameCidr(top.network, claim.network)) continue;
    const best = top !== undefined && compareClaims(top.best, claim) <= 0 ? top.best : claim;
    const node: Node<S> = { network: claim.network, best, children: [] };
    (top === undefined ? roots : top.children).push(node);
    path.push(node);
  }
  return roots;
}

/** Emits the part `range` of a node: whole when one claim owns all of it, else in halves down to the children. */
function emit<S>(node: Node<S>, range: Cidr, pieces: Piece<S>[]): void {
  const inside = node.children.filter((child) => contains(range, child.network));
  const exact = inside.find((child) => sameCidr(child.network, range));
  if (exact !== undefined) return emit(exact, range, pieces);
  if (inside.every((child) => isWhole(child, node.best))) {
    pieces.push({ range, owner: node.best });
    return;
  }
  for (const half of halves(range)) emit({ ...node, children: inside }, half, pieces);
}

function isWhole<S>(node: Node<S>, owner: Claim<S>): boolean {
  return node.best === owner && node.children.every((child) => isWhole(child, owner));
}
