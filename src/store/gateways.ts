/** Gateways and the regions they stand in. A gateway serves nobody before it enrolled. */
import type { Kysely } from 'kysely';
import { type Ip, formatIp } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { isLive } from './liveness.ts';
import { type Window, behind } from './page.ts';
import { allocateInfrastructureAddress, release } from './ranges.ts';
import type { Schema } from './schema.ts';
import { ip } from './values.ts';
import { refusing } from './violation.ts';

export interface RegionRow {
  readonly id: string;
  readonly name: string;
}

export interface GatewayRow {
  readonly id: string;
  readonly no: number;
  readonly name: string;
  readonly region: RegionRow;
  readonly address: Ip;
  /** Null until it is enrolled. */
  readonly endpoint: string | null;
  /** `waiting` is not enrolled yet. */
  readonly state: 'waiting' | 'connected' | 'disconnected';
  readonly seenAt: Date | null;
  /** The revision that its kernel holds; null until it is enrolled. */
  readonly applied: number | null;
  readonly clockOffsetMs: number | null;
}

/** The regions, by name. */
export async function listRegions(db: Db, window: Window): Promise<RegionRow[]> {
  return db
    .selectFrom('regions')
    .selectAll()
    .where(behind(window, 'name', 'id'))
    .orderBy('name')
    .orderBy('id')
    .limit(window.limit)
    .execute();
}

/** Adds a region. Throws `name-taken`. */
export async function insertRegion(db: Db, name: string): Promise<RegionRow> {
  return refusing(() => db.insertInto('regions').values({ name }).returningAll().executeTakeFirstOrThrow(), {
    regions_name_key: () => new Problem('name-taken', `There is a region called "${name}". Choose another name.`),
  });
}

/** The gateways, by name. */
export async function listGateways(db: Db, window: Window): Promise<GatewayRow[]> {
  const rows = await gateways(db)
    .where(behind(window, 'g.name', 'g.id'))
    .orderBy('g.name')
    .orderBy('g.id')
    .limit(window.limit)
    .execute();
  return rows.map(parse);
}

/** One gateway, or undefined. */
export async function findGateway(db: Db, id: string): Promise<GatewayRow | undefined> {
  const row = await gateways(db).where('g.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : parse(row);
}

/**
 * Adds a gateway, which is to enrol, and gives it an infrastructure address. Throws `name-taken`, `not-found` for an
 * unknown region, `pool-exhausted`. Call it within `change`.
 */
export async function createGateway(
  tx: Tx,
  pools: Pools,
  wanted: { readonly name: string; readonly regionId: string },
  now: Date,
): Promise<GatewayRow> {
  const address = formatIp(await allocateInfrastructureAddress(tx, pools, now));
  const values = { name: wanted.name, region_id: wanted.regionId, address };
  const { id } = await refusing(
    () => tx.insertInto('gateways').values(values).returning('id').executeTakeFirstOrThrow(),
    {
      gateways_name_key: () =>
        new Problem('name-taken', `There is a gateway called "${wanted.name}". Choose another name.`),
      gateways_region_id_fkey: () => new Problem('not-found', 'There is no such region.'),
    },
  );
  const made = await findGateway(tx, id);
  if (made === undefined) throw new Error('the gateway is gone in its own transaction');
  return made;
}

/** Removes a gateway; its keys are refused from then on and its address rests. Throws `not-found`. */
export async function deleteGateway(tx: Tx, id: string, now: Date): Promise<void> {
  const gone = await tx.deleteFrom('gateways').where('id', '=', id).returning('address').executeTakeFirst();
  if (gone === undefined) throw new Problem('not-found', 'There is no such gateway.');
  await release(tx, ip(gone.address), now);
}

function gateways(db: Kysely<Schema>) {
  return db
    .selectFrom('gateways as g')
    .innerJoin('regions as r', 'r.id', 'g.region_id')
    .leftJoin('gateway_status as t', 't.gateway_no', 'g.no')
    .select(['g.id', 'g.no', 'g.name', 'g.address', 'g.endpoint', 'g.enrolled_at', 'r.id as region_id'])
    .select(['r.name as region_name', 't.seen_at', 't.applied', 't.clock_offset_ms'])
    .select(isLive('t.seen_at').as('live'));
}

type Raw = Awaited<ReturnType<ReturnType<typeof gateways>['executeTakeFirstOrThrow']>>;

function parse(row: Raw): GatewayRow {
  const enrolled = row.live ? 'connected' : 'disconnected';
  return {
    id: row.id,
    no: row.no,
    name: row.name,
    region: { id: row.region_id, name: row.region_name },
    address: ip(row.address),
    endpoint: row.endpoint,
    state: row.enrolled_at === null ? 'waiting' : enrolled,
    seenAt: row.seen_at,
    applied: row.applied,
    clockOffsetMs: row.clock_offset_ms,
  };
}
