import { type RawBuilder, sql } from 'kysely';
import { type Cidr, cidr, contains, formatCidr, lastOf, prefixOf, sizeOf } from '../net/cidr.ts';
import { type Ip, LAST_IP, formatIp, toIp } from '../net/ip.ts';
import { type Pools, WIDEST_ALIAS, WIDEST_SUBNET } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import type { Tx } from './db.ts';

/** What was given back is not handed out again for so long: a stale client, log or habit would meet somebody else. */
export const REST_DAYS = 30;

/** The part of the hidden pool that one organization may take at most. */
const HIDDEN_SHARE = 1 / 4;

/**
 * Finds the unique range of a new subnet (VPN-10): of the subnet's size, aligned, the lowest that is free. From the alias
 * pool when the subnet is no wider than /20 and the organization's quota and the pool allow it, else from the hidden pool.
 * What the organization gave back and still rests counts as taken by it: who adds and deletes empties no pool for others.
 * Reserves nothing: insert the subnet in the same `change`, whose lock keeps others out. Throws `pool-exhausted`.
 */
export async function allocateRange(
  tx: Tx,
  organizationId: string,
  network: Cidr,
  pools: Pools,
  now: Date,
): Promise<{ range: Cidr; pool: 'alias' | 'hidden' }> {
  const { length } = network;
  const size = sizeOf(length);
  const fits = await roomOf(tx, organizationId, pools, now);
  if (length >= WIDEST_ALIAS && size <= fits.alias) {
    const base = await lowestFree(tx, { ...bounds(pools.alias), taken: SUBNETS, length, now });
    if (base !== undefined) return { range: { base, length }, pool: 'alias' };
  }
  if (size > fits.hidden) {
    throw new Problem(
      'pool-exhausted',
      `The organization has no room left for a subnet of length /${length}. What was deleted counts for ${REST_DAYS} days more.`,
    );
  }
  const base = await lowestFree(tx, { ...bounds(pools.hidden), taken: SUBNETS, length, now });
  if (base !== undefined) return { range: { base, length }, pool: 'hidden' };
  throw new Problem(
    'pool-exhausted',
    `No free range of length /${length} is left. Ask the platform administrator for larger pools.`,
  );
}

/** Why the unique range of a subnet of this length is no alias, in a sentence (VPN-10). */
export function whyNoAlias(length: number): string {
  return length < WIDEST_ALIAS
    ? `A subnet wider than /${WIDEST_ALIAS} has no alias.`
    : 'It has no alias: when it was added, the organization’s quota of alias addresses was used up, or the alias pool was.';
}

/** Each slot has a /16 of the user pool: 65,534 certificates. */
const SLOT_LENGTH = 16;

/** How many addresses may rest for one user; who revokes more often than that gets the oldest of them again. */
const MOST_RESTING = 8;

/** Finds the lowest free tunnel address of a slot for a user, never its first or last. Throws `pool-exhausted`. */
export async function allocateUserAddress(tx: Tx, users: Cidr, userId: string, now: Date): Promise<Ip> {
  const { rows } = await sql<{ range: string }>`
    select range from released
     where user_id = ${userId} and range <<= ${formatCidr(users)}::cidr and released_at >= ${restStart(now)}
     order by released_at, range`.execute(tx);
  const [oldest] = rows;
  if (oldest !== undefined && rows.length >= MOST_RESTING) {
    await tx.deleteFrom('released').where('range', '=', oldest.range).execute();
    return cidr(oldest.range).base;
  }
  return single(tx, users, sql`select address::cidr as range from certificates`, now);
}

/** Finds the part of the user pool for a new slot: the lowest free /16, or all of a smaller pool. Throws `pool-exhausted`. */
export async function allocateSlotUsers(tx: Tx, pools: Pools, now: Date): Promise<Cidr> {
  const length = Math.max(SLOT_LENGTH, pools.users.length);
  const taken = sql`select users as range from slots`;
  const base = await lowestFree(tx, { ...bounds(pools.users), taken, length, now });
  if (base !== undefined) return { base, length };
  throw new Problem('pool-exhausted', `${formatCidr(pools.users)} has no room for another slot.`);
}

/** Finds the lowest free address for a gateway or an agent, never the pool's first or last. Throws `pool-exhausted`. */
export async function allocateInfrastructureAddress(tx: Tx, pools: Pools, now: Date): Promise<Ip> {
  const taken = sql`select address::cidr as range from gateways union all select address::cidr from agents`;
  return single(tx, pools.infrastructure, taken, now);
}

/** Whose a range was. */
export type Owner = { readonly organizationId: string } | { readonly userId: string };

/**
 * Notes that a range or an address (a /32) was given back, and whose it was, so that it rests before it is handed out again. An
 * address of the infrastructure is nobody's.
 */
export async function release(tx: Tx, range: Cidr | Ip, now: Date, owner?: Owner): Promise<void> {
  const text = typeof range === 'number' ? `${formatIp(range)}/32` : formatCidr(range);
  const organization = owner !== undefined && 'organizationId' in owner ? owner.organizationId : null;
  const user = owner !== undefined && 'userId' in owner ? owner.userId : null;
  await releaseAll(
    tx,
    sql`select ${text}::cidr as range, ${organization}::uuid as organization_id, ${user}::uuid as user_id`,
    now,
  );
}

/** The same for all that a query gives, in the columns `range`, `organization_id` and `user_id`. */
export async function releaseAll(tx: Tx, ranges: RawBuilder<unknown>, now: Date): Promise<void> {
  await tx.deleteFrom('released').where('released_at', '<', restStart(now)).execute();
  await sql`
    insert into released (range, released_at, organization_id, user_id)
    select g.range, ${now}::timestamptz, g.organization_id, g.user_id from (${ranges}) g
    on conflict (range) do update
      set released_at = excluded.released_at, organization_id = excluded.organization_id, user_id = excluded.user_id`.execute(
    tx,
  );
}

async function single(tx: Tx, pool: Cidr, taken: RawBuilder<unknown>, now: Date): Promise<Ip> {
  const free = await lowestFree(tx, { first: pool.base + 1, last: lastOf(pool) - 1, taken, length: 32, now });
  if (free !== undefined) return free;
  throw new Problem(
    'pool-exhausted',
    `No address is left in ${formatCidr(pool)}. Ask the platform administrator for a larger pool.`,
  );
}

/** The block around the broadcast address 255.255.255.255 is never handed out. */
function bounds(pool: Cidr): { first: number; last: number } {
  const end = contains(pool, LAST_BLOCK) ? LAST_BLOCK.base - 1 : lastOf(pool);
  return { first: pool.base, last: end };
}

const LAST_BLOCK = prefixOf(LAST_IP, WIDEST_SUBNET);

/** How many addresses of either pool the organization may still take. */
async function roomOf(
  tx: Tx,
  organizationId: string,
  pools: Pools,
  now: Date,
): Promise<{ alias: number; hidden: number }> {
  const { rows } = await sql<{ quota: number; alias: number; hidden: number }>`
    with held as (
      select unique_range as range from subnets where organization_id = ${organizationId}
      union all
      select range from released where organization_id = ${organizationId} and released_at >= ${restStart(now)})
    select o.alias_quota as quota, ${sizeIn(pools.alias)} as alias, ${sizeIn(pools.hidden)} as hidden
      from organizations o where o.id = ${organizationId}`.execute(tx);
  const [row] = rows;
  if (row === undefined) return { alias: 0, hidden: 0 };
  return { alias: row.quota - row.alias, hidden: sizeOf(pools.hidden.length) * HIDDEN_SHARE - row.hidden };
}

function sizeIn(pool: Cidr): RawBuilder<number> {
  return sql`(select coalesce(sum(1::bigint << (32 - masklen(range))), 0)::bigint from held where range <<= ${formatCidr(pool)}::cidr)`;
}

const SUBNETS = sql`select unique_range as range from subnets`;

interface Search {
  /** First and last address that may be handed out. */
  readonly first: number;
  readonly last: number;
  /** Query of the ranges in use, in a column `range`. */
  readonly taken: RawBuilder<unknown>;
  readonly length: number;
  readonly now: Date;
}

/**
 * The lowest aligned block that meets nothing taken or resting: one pass over the taken ranges in order, looking at the
 * gap before each and at the rest behind the last.
 */
async function lowestFree(tx: Tx, { first, last, taken, length, now }: Search): Promise<Ip | undefined> {
  const size = sizeOf(length);
  const { rows } = await sql<{ base: number }>`
    with taken as materialized (
      select range - inet '0.0.0.0' as start,
             broadcast(range) - inet '0.0.0.0' as finish
        from (${taken} union all select range from released where released_at >= ${restStart(now)}) t),
    gaps as (
      select ((lag(finish, 1, ${first - 1}::bigint) over (order by start) + ${size}::bigint) / ${size}::bigint) * ${size}::bigint as base,
             start - 1 as finish
        from (select start, finish from taken where start between ${first}::bigint and ${last}::bigint
              union all select ${last}::bigint + 1, null) t)
    select base from gaps where base + ${size}::bigint - 1 <= finish order by base limit 1`.execute(tx);
  const base = rows[0]?.base;
  return base === undefined ? undefined : toIp(base);
}

function restStart(now: Date): Date {
  return new Date(now.getTime() - REST_DAYS * 24 * 3600 * 1000);
}
