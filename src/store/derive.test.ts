import { assert, asyncProperty } from 'fast-check';
import { sql } from 'kysely';
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
import { type Db, openDb } from './db.ts';
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

  test('a verification with nothing to do works on a connection that may write nothing (VPN-6)', async () => {
    await using database = await testDatabase(engine);
    await smallWorld(database.db);
    const reader = openDb({ ...database.connection, options: '-c default_transaction_read_only=on', max: 1 });
    expect(await verify(reader)).toEqual({ added: 0, removed: 0, revision: undefined });
    await database.db.deleteFrom('reach').execute();
    await expect(verify(reader)).rejects.toThrow('read-only transaction');
    await reader.destroy();
  });

  test('much drift is corrected few people at a time, so that other changes pass in between (VPN-6)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const organization = await addOrganization(db);
    const plant = await addPlant(db, organization);
    await addPeople(db, organization, 1100);
    await change(db, (tx, revision) => derive(tx, revision, { plants: [plant.no] }));
    const expected = await reachOf(db);
    expect(expected).toHaveLength(1100);

    await db
      .deleteFrom('reach')
      .where(sql<boolean>`user_id in (select id from users where no % 5 = 0)`)
      .execute();
    expect(await verify(db)).toMatchObject({ added: 220, removed: 0, revision: await head(db) });
    expect(await reachOf(db)).toEqual(expected);
    const { rows } = await sql<{ people: number }>`
      select count(*) as people from corrections group by revision`.execute(db);
    expect(rows.reduce((sum, { people }) => sum + people, 0)).toBe(220);
    for (const { people } of rows) expect(people).toBeLessThanOrEqual(50);
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

/** Moderators with certificates, through SQL. */
async function addPeople(db: Db, organization: string, count: number): Promise<void> {
  await sql`
    with people as (
      insert into users (email, name) select n || '@people.test', 'Person ' || n from generate_series(1, ${count}::int) n
      returning id, no),
    members as (
      insert into memberships (organization_id, user_id, role) select ${organization}, id, 'moderator' from people)
    insert into certificates (user_id, slot_no, address, public_key, profile, revision)
    select p.id, s.no, host(s.users)::inet + p.no + 1000, 'key ' || p.no, 'full', 1
      from people p, (select no, users from slots limit 1) s`.execute(db);
}
