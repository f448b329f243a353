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
    b.chosen - a.chosen || a.since - b.since || b.network.length - a.network.length || compareCidr(a.network, b.network)
  );
}

/** A claim and the stronger ones inside it, disjoint and in address order. */
interface Node<S> {
  readonly claim: Claim<S>;
  readonly inside: Node<S>[];
}

/**
 * Divides the addresses of a user's claims among them: every address goes to its strongest claim.
 * Returns disjoint pieces in address order. A claim nobody contests comes back whole; where two claims share an
 * address and compare equal, the one that stands first in `claims` wins, so give them in a fixed order.
 */
export function settle<S>(claims: readonly Claim<S>[]): Piece<S>[] {
  const pieces: Piece<S>[] = [];
  for (const { claim, inside } of forest(claims)) emit(claim, claim.network, inside, pieces);
  return pieces;
}

/**
 * Prefixes are disjoint or nested, so claims in address order form trees. A claim inside one that is at least as strong
 * owns nothing and is left out; what remains grows stronger on every way down, at most 33 levels.
 */
function forest<S>(claims: readonly Claim<S>[]): Node<S>[] {
  const roots: Node<S>[] = [];
  const path: Node<S>[] = [];
  for (const claim of [...claims].sort((a, b) => compareCidr(a.network, b.network) || compareClaims(a, b))) {
    let top = path.at(-1);
    while (top !== undefined && !contains(top.claim.network, claim.network)) {
      path.pop();
      top = path.at(-1);
    }
    if (top !== undefined && compareClaims(top.claim, claim) <= 0) continue;
    const node: Node<S> = { claim, inside: [] };
    (top?.inside ?? roots).push(node);
    path.push(node);
  }
  return roots;
}

/** Emits what `claim` owns of `range`, and its `inside`: whole when nothing is inside, else in halves down to there. */
function emit<S>(claim: Claim<S>, range: Cidr, inside: readonly Node<S>[], pieces: Piece<S>[]): void {
  const [first] = inside;
  if (first === undefined) {
    pieces.push({ range, owner: claim });
  } else if (sameCidr(first.claim.network, range)) {
    emit(first.claim, range, first.inside, pieces);
  } else {
    for (const half of halves(range)) {
      const within = inside.filter((node) => contains(half, node.claim.network));
      emit(claim, half, within, pieces);
    }
  }
}
