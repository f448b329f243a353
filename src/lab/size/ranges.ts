import { type Cidr, formatCidr, lastOf, sizeOf } from '../../net/cidr.ts';
import { type Ip, LAST_IP, formatIp, toIp } from '../../net/ip.ts';
import { type Pools, WIDEST_ALIAS, WIDEST_SUBNET } from '../../net/pools.ts';
import type { Subnet } from './model.ts';

/** What stands for a subnet inside Parkway. */
export interface Range {
  readonly range: string;
  readonly pool: 'alias' | 'hidden';
}

/** The part of the alias pool, from its beginning, that is left to who comes later: the product hands out the lowest that is free. */
const LEFT = 1 / 8;
/** The last addresses of a slot that stay free: benches put theirs there. */
const SLOT_TAIL = 4096;

/**
 * A unique range for each subnet (VPN-10), from the end of the pools downward, the widest first, so that all are aligned and there
 * is no gap among them. Subnets wider than /20, and those that the alias pool has no room for, take from the hidden pool.
 */
export function rangesOf(subnets: readonly Subnet[], pools: Pools): Range[] {
  const ranges: Range[] = Array.from(subnets, () => ({ range: '', pool: 'hidden' }));
  const ends = { alias: lastOf(pools.alias) + 1, hidden: hiddenEnd(pools.hidden) };
  const aliasFloor = pools.alias.base + sizeOf(pools.alias.length) * LEFT;
  const order = subnets.map((_, index) => index).sort((a, b) => lengthAt(subnets, a) - lengthAt(subnets, b) || a - b);
  for (const index of order) {
    const length = lengthAt(subnets, index);
    const fits = length >= WIDEST_ALIAS && ends.alias - sizeOf(length) >= aliasFloor;
    const pool = fits ? 'alias' : 'hidden';
    ends[pool] -= sizeOf(length);
    if (ends[pool] < pools[pool].base) throw new RangeError('the hidden pool has no room for so many subnets');
    ranges[index] = { range: formatCidr({ base: toIp(ends[pool]), length }), pool };
  }
  return ranges;
}

/** The `n`th tunnel address of a slot, from near its end downward. Throws RangeError when the slot is full. */
export function userAddress(users: Cidr, n: number): string {
  const address = lastOf(users) - SLOT_TAIL - n;
  if (address <= users.base) throw new RangeError(`${formatCidr(users)} has no room for so many certificates`);
  return formatIp(toIp(address));
}

/** The `n`th address of an agent, from the end of the pool downward. Throws RangeError when the pool is full. */
export function agentAddress(infrastructure: Cidr, n: number): Ip {
  const address = lastOf(infrastructure) - 1 - n;
  if (address <= infrastructure.base) throw new RangeError('the infrastructure pool has no room for so many agents');
  return toIp(address);
}

function lengthAt(subnets: readonly Subnet[], index: number): number {
  return subnets[index]?.network.length ?? WIDEST_SUBNET;
}

/** The block around 255.255.255.255 is never handed out. */
function hiddenEnd(hidden: Cidr): number {
  const end = lastOf(hidden);
  return end === LAST_IP ? end + 1 - sizeOf(WIDEST_SUBNET) : end + 1;
}
