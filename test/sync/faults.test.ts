import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/store/db.ts';
import { pruneChanges } from '../../src/store/prune.ts';
import { head } from '../postgres/world.ts';
import { seeds } from './chance.ts';
import { type Run, startRun } from './run.ts';
import { type World, changeSomething, exchange, forgetChanges, largeWorld, smallWorld } from './world.ts';

const BAD = { cut: 0.08, double: 0.08, delayMs: 8, late: 0.5 };
const GOOD = { cut: 0, double: 0, delayMs: 0, late: 0 };

/** Faults other than those of the ways: what a run does beside its changes. */
async function disturb({ db, chance, gateways, ways, restartControl, controlUrl }: Run): Promise<void> {
  const which = chance.below(2);
  const way = chance.of(ways);
  const kind = chance.below(24);
  if (kind < 2) way.cut();
  else if (kind < 4) {
    // To the other control process; the connection to the former may stay, half dead.
    way.turnTo(controlUrl(which));
    if (chance.is(0.7)) way.cut();
  } else if (kind === 4) {
    await restartControl(which);
    for (const each of ways) each.turnTo(controlUrl(chance.below(2)));
  } else if (kind === 5) {
    const gateway = chance.of(gateways);
    await gateway.kill();
    await gateway.start();
  } else if (kind === 6) await forgetChanges(db);
}

async function run100Changes(run: Run, world: World): Promise<void> {
  for (const way of run.ways) Object.assign(way.faults, BAD);
  for (let n = 0; n < 100; n += 1) {
    await run.change(() => changeSomething(run.db, world, run.chance));
    await disturb(run);
    await delay(run.chance.below(15));
  }
  for (const way of run.ways) Object.assign(way.faults, GOOD);
}

async function changesSince(db: Db, revision: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from changes where revision > ${revision}`.execute(db);
  return rows[0]?.n ?? 0;
}

describe.each(seeds(1, 2, 3))('with seed %i', (seed) => {
  test('whatever happens to connections and processes: what is permitted is held, what is not is not, and what was confirmed stays so (VPN-5, VPN-6)', async () => {
    let world: World = { users: [], plants: [] };
    await using run = await startRun({ seed, world: async (db) => void (world = await smallWorld(db)) });
    expect(await run.problems()).toEqual([]);
    await run100Changes(run, world);
    expect(await run.problems()).toEqual([]);
    expect(run.gateways.every(({ elements }) => elements.size > 0)).toBe(true);
  });
});

describe.each(seeds(4).slice(-1))('with seed %i', (seed) => {
  test('control that is restarted in the middle of a snapshot, and the other one, give whole ones', async () => {
    await using run = await startRun({
      seed,
      world: async (db) => {
        await largeWorld(db, 100, 200);
        await exchange(db, 0);
        await forgetChanges(db);
      },
    });
    expect(await run.problems()).toEqual([]);
    for (let n = 0; n < 2; n += 1) {
      await run.change(() => exchange(run.db, n % 2 === 0 ? 1 : 0));
      await forgetChanges(run.db);
      for (const way of run.ways) {
        const before = way.passed();
        way.faults.delayMs = 20;
        way.cut();
        // A challenge, and the first part or the first parts of several.
        await expect
          .poll(() => way.passed(), { interval: 2, timeout: 15_000 })
          .toBeGreaterThan(before + 1 + run.chance.below(2));
      }
      await run.restartControl(n % 2);
      for (const way of run.ways) way.turnTo(run.controlUrl(run.chance.below(2)));
    }
    for (const way of run.ways) Object.assign(way.faults, GOOD);
    expect(await run.problems()).toEqual([]);
  });

  test('gateways that were away for 100,000 changes are brought up to date: by what changed, or, when that is forgotten, by all', async () => {
    await using run = await startRun({ seed, world: (db) => largeWorld(db, 500, 200) });
    expect(await run.problems()).toEqual([]);
    const [short, long] = run.gateways;
    await long?.kill();
    await run.change(() => exchange(run.db, 0));
    await expect.poll(() => short?.revision(), { interval: 20, timeout: 25_000 }).toBe(await head(run.db));
    await short?.kill();
    const known = await head(run.db);
    await run.change(() => exchange(run.db, 1));
    const since = await changesSince(run.db, known);
    expect(since).toBeGreaterThanOrEqual(100_000);
    // What only the one knows is forgotten, and nothing that the other lacks.
    expect(await pruneChanges(run.db, since)).toBe(known);
    await Promise.all([short?.start(), long?.start()]);
    expect(await run.problems()).toEqual([]);
  });

  test('a gateway that moves to the other control process takes nothing of what the former says late', async () => {
    let world: World = { users: [], plants: [] };
    await using run = await startRun({ seed, gateways: 1, world: async (db) => void (world = await smallWorld(db)) });
    const [way] = run.ways;
    for (let n = 0; n < 12; n += 1) {
      Object.assign(way?.faults ?? {}, { ...GOOD, delayMs: 40, late: 1 });
      await run.change(() => changeSomething(run.db, world, run.chance));
      way?.turnTo(run.controlUrl(n % 2));
      way?.cut();
      await run.change(() => changeSomething(run.db, world, run.chance));
      await delay(run.chance.below(150));
    }
    expect(await run.problems()).toEqual([]);
  });

  test('a database that was restored, by the book, takes the gateways back with it', async () => {
    let world: World = { users: [], plants: [] };
    await using run = await startRun({ seed, world: async (db) => void (world = await smallWorld(db)) });
    const change = () => run.change(() => changeSomething(run.db, world, run.chance));
    for (let n = 0; n < 20; n += 1) await change();
    expect(await run.problems()).toEqual([]);
    await run.gateways[0]?.kill();
    // What a backup does not have: half of the access and the revisions since. Then what docs/operations.md says.
    await run.db.transaction().execute(async (tx) => {
      await sql`set local session_replication_role = replica`.execute(tx);
      await sql`delete from reach where plant_no % 2 = 0`.execute(tx);
      await sql`update revision set value = value - 10`.execute(tx);
      await sql`update revision set value = value + 1000000`.execute(tx);
      await sql`update changes_floor set revision = (select value from revision)`.execute(tx);
    });
    await run.forgetHistory();
    await change();
    await run.gateways[0]?.start();
    for (let n = 0; n < 5; n += 1) await change();
    expect(await run.problems()).toEqual([]);
  });
});
