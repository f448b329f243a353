import { assert, asyncProperty } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { expectedReach, smallWorld, steps, takeStep } from '../../test/postgres/steps.ts';
import {
  addOrganization,
  addPlant,
  addSlot,
  addUser,
  certify,
  grant,
  head,
  join,
  reachOf,
  withdraw,
} from '../../test/postgres/world.ts';
import { change } from './change.ts';
import { derive, verify } from './derive.ts';

describe.each(ENGINES)('on %s', (engine) => {
  test('after any sequence of changes, reach is what access computes, each derived for what it touched (VPN-5, ACC-3 to 6, 9)', async () => {
    let reached = 0;
    await assert(
      asyncProperty(steps, async (sequence) => {
        await using database = await testDatabase(engine);
        const { db } = database;
        const world = await smallWorld(db);
        for (const step of sequence) {
          await takeStep(db, world, step);
          const actual = await reachOf(db);
          expect(actual).toEqual(await expectedReach(db));
          reached += actual.length;
        }
        const before = await head(db);
        expect(await verify(db)).toEqual({ added: 0, removed: 0, revision: undefined });
        expect(await head(db)).toBe(before);
      }),
      { numRuns: 8, endOnFailure: true },
    );
    // The sequences are not all about nothing.
    expect(reached).toBeGreaterThan(100);
  }, 120_000);

  test('verification corrects drift in both directions, records each correction, and is quiet when all is well (VPN-6)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const organization = await addOrganization(db);
    const [granted, stranger] = [await addPlant(db, organization), await addPlant(db, organization)];
    const user = await addUser(db);
    await join(db, organization, user);
    await certify(db, user);
    await grant(db, granted, user);
    expect(await reachOf(db)).toEqual([`${user} ${granted.no}`]);

    await db.deleteFrom('reach').execute();
    await db.insertInto('reach').values({ user_id: user, plant_no: stranger.no, since: 1 }).execute();
    const { revision, ...counts } = await verify(db);
    expect(counts).toEqual({ added: 1, removed: 1 });
    expect(await reachOf(db)).toEqual([`${user} ${granted.no}`]);
    const corrections = await db
      .selectFrom('corrections')
      .select(['kind', 'revision', 'detail'])
      .orderBy('kind')
      .execute();
    expect(corrections).toEqual([
      { kind: 'reach-added', revision, detail: { userId: user, plant: granted.no } },
      { kind: 'reach-removed', revision, detail: { userId: user, plant: stranger.no } },
    ]);

    const before = await head(db);
    expect(await verify(db)).toEqual({ added: 0, removed: 0, revision: undefined });
    expect(await head(db)).toBe(before);
    expect(await db.selectFrom('corrections').selectAll().execute()).toHaveLength(2);
  });

  test('what stays keeps its since, so that no derivation moves an owned address (VPN-9)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const organization = await addOrganization(db);
    const [first, second] = [await addPlant(db, organization), await addPlant(db, organization)];
    const user = await addUser(db);
    await join(db, organization, user);
    await certify(db, user);
    const since = await grant(db, first, user);
    await grant(db, second, user);
    await change(db, (tx, revision) => derive(tx, revision, 'all'));
    const rows = await db.selectFrom('reach').select(['plant_no', 'since']).execute();
    expect(rows).toContainEqual({ plant_no: first.no, since });

    await withdraw(db, first, user);
    const again = await grant(db, first, user);
    const after = await db.selectFrom('reach').select(['plant_no', 'since']).execute();
    expect(after).toContainEqual({ plant_no: first.no, since: again });
  });

  test('a change whose work fails leaves neither rows nor a revision', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const before = await head(db);
    await expect(
      change(db, async (tx) => {
        await tx.insertInto('organizations').values({ name: 'never' }).execute();
        throw new Error('on purpose');
      }),
    ).rejects.toThrow('on purpose');
    expect(await head(db)).toBe(before);
    expect(await db.selectFrom('organizations').selectAll().execute()).toEqual([]);
  });
});
