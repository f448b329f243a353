import { array, assert, asyncProperty, integer, nat, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { NOW, type TestPlant, addOrganization, addPlant, addUser } from '../../test/postgres/world.ts';
import { type Cidr, cidr, contains, formatCidr, includes, overlaps } from '../net/cidr.ts';
import { LAST_IP } from '../net/ip.ts';
import { DEFAULT_POOLS, type Pools } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import { change } from './change.ts';
import type { Db } from './db.ts';
import { REST_DAYS, allocateInfrastructureAddress, allocateRange, allocateUserAddress, release } from './ranges.ts';

const SMALL: Pools = { ...DEFAULT_POOLS, alias: cidr('100.96.0.0/18'), hidden: cidr('240.0.0.0/10') };
const DAY = 24 * 3600 * 1000;

function days(n: number): Date {
  return new Date(NOW.getTime() + n * DAY);
}

/** Allocates a range and takes it for a subnet; its network is of no interest here. */
async function take(db: Db, plant: TestPlant, length: number, pools: Pools, now = NOW) {
  const { value } = await change(db, async (tx, since) => {
    const found = await allocateRange(tx, plant.organizationId, { base: cidr('10.0.0.0/8').base, length }, pools, now);
    const unique_range = formatCidr(found.range);
    await tx
      .insertInto('subnets')
      .values({
        organization_id: plant.organizationId,
        plant_id: plant.id,
        network: unique_range,
        unique_range,
        pool: found.pool,
        since,
      })
      .execute();
    return found;
  });
  return value;
}

async function giveBack(db: Db, range: Cidr, now: Date): Promise<void> {
  await change(db, async (tx) => {
    await tx.deleteFrom('subnets').where('unique_range', '=', formatCidr(range)).execute();
    await release(tx, range, now);
  });
}

/** Takes a /24 of the hidden pool for each of some organizations, which have no quota of aliases. */
async function addSubnets(db: Db, pools: Pools, organizations: number): Promise<void> {
  for (let i = 0; i < organizations; i += 1) {
    const plant = await addPlant(db, await addOrganization(db));
    await db.updateTable('organizations').set({ alias_quota: 0 }).execute();
    await take(db, plant, 24, pools);
  }
}

const sequence = array(
  record({ length: integer({ min: 12, max: 32 }), frees: integer({ min: 0, max: 3 }).map((n) => n === 0), at: nat() }),
  {
    minLength: 40,
    maxLength: 40,
  },
);

describe.each(ENGINES)('on %s', (engine) => {
  test('unique ranges never overlap, lie aligned in their pool, and rest for 30 days (VPN-10)', async () => {
    await assert(
      asyncProperty(sequence, async (steps) => {
        await using database = await testDatabase(engine);
        const { db } = database;
        const plant = await addPlant(db, await addOrganization(db));
        const held: Cidr[] = [];
        const resting: { range: Cidr; until: number }[] = [];
        let [day, taken] = [0, 0];
        for (const { length, frees, at } of steps) {
          day += 1;
          const freed = held[at % Math.max(1, held.length)];
          if (frees && freed !== undefined) {
            await giveBack(db, freed, days(day));
            held.splice(held.indexOf(freed), 1);
            resting.push({ range: freed, until: day + REST_DAYS });
            continue;
          }
          const found = await take(db, plant, length, SMALL, days(day)).catch((error: unknown) => {
            if (error instanceof Problem && error.code === 'pool-exhausted') return undefined;
            throw error;
          });
          if (found === undefined) continue;
          const { range, pool } = found;
          expect(range.length).toBe(length);
          expect(cidr(formatCidr(range))).toEqual(range);
          expect(contains(SMALL[pool], range)).toBe(true);
          expect([length < 20, pool]).not.toEqual([true, 'alias']);
          const kept = [...held, ...resting.flatMap((rest) => (rest.until >= day ? [rest.range] : []))];
          expect(kept.filter((other) => overlaps(range, other)).map(formatCidr)).toEqual([]);
          held.push(range);
          taken += 1;
        }
        expect(taken).toBeGreaterThan(5);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);

  test('the lowest free block is taken, holes included, and a range comes back after its rest', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const next = async (length: number, now = NOW) =>
      formatCidr((await take(db, plant, length, DEFAULT_POOLS, now)).range);
    expect(await next(24)).toBe('100.96.0.0/24');
    expect(await next(22)).toBe('100.96.4.0/22');
    expect(await next(24)).toBe('100.96.1.0/24');
    expect(await next(12)).toBe('240.0.0.0/12');
    await giveBack(db, cidr('100.96.0.0/24'), NOW);
    expect(await next(24, days(29))).toBe('100.96.2.0/24');
    expect(await next(24, days(31))).toBe('100.96.0.0/24');
  });

  test('past the organization’s quota ranges come from the hidden pool; with no room at all there is a problem', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    await db.updateTable('organizations').set({ alias_quota: 256 }).execute();
    const tiny: Pools = { ...DEFAULT_POOLS, hidden: cidr('240.0.0.0/22') };
    expect(await take(db, plant, 24, tiny)).toMatchObject({ pool: 'alias' });
    expect(await take(db, plant, 24, tiny)).toMatchObject({ pool: 'hidden' });
    await expect(take(db, plant, 32, tiny)).rejects.toMatchObject({ code: 'pool-exhausted' });
    await addSubnets(db, tiny, 3);
    await expect(addSubnets(db, tiny, 1)).rejects.toMatchObject({ code: 'pool-exhausted' });
  });

  test('an organization that adds and deletes for ever leaves the pools to the others', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    await db.updateTable('organizations').set({ alias_quota: 1024 }).execute();
    const tiny: Pools = { ...DEFAULT_POOLS, alias: cidr('100.96.0.0/20'), hidden: cidr('240.0.0.0/20') };
    const turn = async (now: Date) => {
      const { range, pool } = await take(db, plant, 24, tiny, now);
      await change(db, async (tx) => {
        await tx.deleteFrom('subnets').where('plant_id', '=', plant.id).execute();
        await release(tx, range, now, { organizationId: plant.organizationId });
      });
      return pool;
    };
    const turns = [];
    for (let i = 0; i < 8; i += 1) turns.push(await turn(NOW));
    expect(turns).toEqual([...Array<string>(4).fill('alias'), ...Array<string>(4).fill('hidden')]);
    await expect(turn(NOW)).rejects.toMatchObject({ code: 'pool-exhausted' });
    expect(await take(db, await addPlant(db, await addOrganization(db)), 24, tiny)).toMatchObject({ pool: 'alias' });
    expect(await turn(days(31))).toBe('alias');
  });

  test('the block of the broadcast address is never handed out', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    let plant = await addPlant(db, await addOrganization(db));
    const last: Pools = { ...DEFAULT_POOLS, hidden: cidr('255.0.0.0/8') };
    const ranges = [];
    for (let i = 0; i < 15; i += 1) {
      if (i % 4 === 0) plant = await addPlant(db, await addOrganization(db));
      ranges.push((await take(db, plant, 12, last)).range);
    }
    expect(ranges.some((range) => includes(range, LAST_IP))).toBe(false);
    await expect(take(db, plant, 12, last)).rejects.toMatchObject({ code: 'pool-exhausted' });
  });

  test('single addresses are the lowest free ones, but neither the first nor the last of their pool', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const user = await addUser(db);
    const free = async (users: string, now = NOW) =>
      (await change(db, (tx) => allocateUserAddress(tx, cidr(users), user, now))).value & 0xff;
    expect(await free('100.64.0.0/30')).toBe(1);
    await change(db, (tx) => release(tx, cidr('100.64.0.1/32'), NOW));
    expect(await free('100.64.0.0/30')).toBe(2);
    await change(db, (tx) => release(tx, cidr('100.64.0.2/32'), NOW));
    await expect(free('100.64.0.0/30')).rejects.toMatchObject({ code: 'pool-exhausted' });
    expect(await free('100.64.0.0/30', days(31))).toBe(1);
    const { value } = await change(db, (tx) => allocateInfrastructureAddress(tx, DEFAULT_POOLS, NOW));
    expect(formatCidr({ base: value, length: 32 })).toBe('100.80.0.1/32');
  });
});
