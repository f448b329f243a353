import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ENGINES, type Engine, testDatabase } from '../../../test/postgres/database.ts';
import { expectedReach, smallWorld } from '../../../test/postgres/steps.ts';
import {
  addOrganization,
  addPlant,
  addSubnet,
  addUser,
  certify,
  head,
  join,
  reachOf,
} from '../../../test/postgres/world.ts';
import { change } from '../../store/change.ts';
import type { Db } from '../../store/db.ts';
import { derive, verify } from '../../store/derive.ts';
import { catchUp } from '../../store/sync.ts';
import { loadInstallation } from './load.ts';

const SIZE = { size: 1000, seed: 1 };

/** Every foreign key of the schema, with how many rows name something that is not there. The load switches the checks off. */
async function dangling(db: Db): Promise<{ checked: number; broken: string[] }> {
  const { rows } = await sql<{ name: string; child: string; parent: string; own: string[]; theirs: string[] }>`
    select c.conname as name, c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent,
           array(select a.attname::text from unnest(c.conkey) with ordinality k (no, at)
                   join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.no order by at) as own,
           array(select a.attname::text from unnest(c.confkey) with ordinality k (no, at)
                   join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.no order by at) as theirs
      from pg_constraint c where c.contype = 'f' order by 1`.execute(db);
  const broken: string[] = [];
  for (const { name, child, parent, own, theirs } of rows) {
    const given = sql.join(
      own.map((column) => sql`c.${sql.id(column)} is not null`),
      sql` and `,
    );
    const match = sql.join(
      own.map((column, n) => sql`p.${sql.id(theirs[n] ?? '')} = c.${sql.id(column)}`),
      sql` and `,
    );
    const found = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(child)} c
       where ${given} and not exists (select from ${sql.table(parent)} p where ${match})`.execute(db);
    if (found.rows[0]?.count !== 0) broken.push(`${name}: ${found.rows[0]?.count}`);
  }
  return { checked: rows.length, broken };
}

async function count(db: Db, table: 'certificates' | 'plants' | 'subnets' | 'agents' | 'changes'): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** What two subnets and a certificate get that come later. */
async function handedOut(engine: Engine, isLoaded: boolean) {
  await using database = await testDatabase(engine);
  const { db } = database;
  await smallWorld(db);
  if (isLoaded) await loadInstallation(db, SIZE);
  const plant = await addPlant(db, await addOrganization(db));
  await addSubnet(db, plant, '192.168.1.0/24');
  await addSubnet(db, plant, '10.0.0.0/14');
  const { address } = await certify(db, await addUser(db));
  const ranges = await db
    .selectFrom('subnets')
    .select('unique_range')
    .where('plant_id', '=', plant.id)
    .orderBy('no')
    .execute();
  return { address, ranges };
}

describe.each(ENGINES)('on %s', (engine) => {
  test('what is loaded beside others is consistent: foreign keys, reach as access computes it, nothing to correct (VPN-5, VPN-6)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await smallWorld(db);
    const before = {
      reach: await reachOf(db),
      plants: await count(db, 'plants'),
      users: await count(db, 'certificates'),
    };
    const loaded = await loadInstallation(db, SIZE);

    const { checked, broken } = await dangling(db);
    expect(checked).toBeGreaterThan(30);
    expect(broken).toEqual([]);
    const reach = await reachOf(db);
    expect(reach).toEqual(await expectedReach(db));
    expect(reach).toEqual(expect.arrayContaining(before.reach));
    expect(await verify(db)).toEqual({ added: 0, removed: 0, revision: undefined });
    const { value } = await change(db, (tx, revision) => derive(tx, revision, 'all'));
    expect(value).toEqual({ added: 0, removed: 0 });

    expect(loaded.routes).toBe(SIZE.size);
    expect(await count(db, 'plants')).toBe(before.plants + loaded.plants);
    expect(await count(db, 'certificates')).toBe(before.users + loaded.users);
    expect(await count(db, 'agents')).toBe(loaded.plants);
    const { rows } = await sql`
      select from reach r join certificates c on c.user_id = r.user_id
       where r.since > ${loaded.revision}::bigint or c.revision > ${loaded.revision}::bigint
      union all select from subnets where since > ${loaded.revision}::bigint`.execute(db);
    expect(rows).toEqual([]);
  });

  test('whoever followed before takes a snapshot, and later changes are noted as ever', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await smallWorld(db);
    const before = await head(db);
    const { revision } = await loadInstallation(db, SIZE);
    expect(await head(db)).toBe(revision);
    const kinds = new Set<string>();
    for await (const { type } of catchUp(db, before, () => '')) kinds.add(type);
    expect([...kinds]).toEqual(['snapshot']);

    const organization = await addOrganization(db);
    const plant = await addPlant(db, organization);
    await addSubnet(db, plant, '192.168.1.0/24');
    const user = await addUser(db);
    await join(db, organization, user, 'moderator');
    await certify(db, user);
    expect(await count(db, 'changes')).toBe(3);
    expect(await reachOf(db)).toContain(`${user} ${plant.no}`);
    expect(await verify(db)).toEqual({ added: 0, removed: 0, revision: undefined });
  });

  test('what the product hands out later is the lowest that is free, as if nothing had been loaded (VPN-10)', async () => {
    expect(await handedOut(engine, true)).toEqual(await handedOut(engine, false));
  });

  test('a second one is refused and changes nothing', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await smallWorld(db);
    await loadInstallation(db, SIZE);
    const before = await head(db);
    await expect(loadInstallation(db, SIZE)).rejects.toThrow('An installation was loaded before');
    expect(await head(db)).toBe(before);
  });
});
