import { type Cidr, cidr, contains, overlaps } from './cidr.ts';

/** The address pools of an installation. Every plant subnet that overlaps one is refused. */
export interface Pools {
  /** One /32 per certificate. */
  readonly users: Cidr;
  /** Agents, gateways, the proxy. */
  readonly infrastructure: Cidr;
  /** Unique ranges that users may type. */
  readonly alias: Cidr;
  /** Unique ranges for what the alias pool has no room for. */
  readonly hidden: Cidr;
}

/** The pools of `docs/architecture.md`. */
export const DEFAULT_POOLS: Pools = {
  users: cidr('100.64.0.0/12'),
  infrastructure: cidr('100.80.0.0/12'),
  alias: cidr('100.96.0.0/11'),
  hidden: cidr('240.0.0.0/4'),
};

/** What a plant subnet may lie in (RFC 1918). */
export const PRIVATE_RANGES: readonly Cidr[] = [cidr('10.0.0.0/8'), cidr('172.16.0.0/12'), cidr('192.168.0.0/16')];

/** The widest subnet a plant may have, and the widest that the alias pool takes, as prefix lengths. */
export const WIDEST_SUBNET = 12;
export const WIDEST_ALIAS = 20;

/** Why a prefix cannot be a plant's subnet. */
export type SubnetProblem = 'too-wide' | 'not-private' | 'reserved';

/** Checks a plant subnet against the limits of every installation. Returns undefined when it is fine. */
export function subnetProblem(subnet: Cidr, pools: Pools): SubnetProblem | undefined {
  if (Object.values(pools).some((pool: Cidr) => overlaps(pool, subnet))) return 'reserved';
  if (subnet.length < WIDEST_SUBNET && PRIVATE_RANGES.some((range) => overlaps(range, subnet))) return 'too-wide';
  if (!PRIVATE_RANGES.some((range) => contains(range, subnet))) return 'not-private';
  return undefined;
}
