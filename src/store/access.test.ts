import { assert, asyncProperty } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { make } from '../access/model/changes.ts';
import { beginning, example } from '../access/model/examples.ts';
import { type Installation, emptyInstallation } from '../access/model/installation.ts';
import { sourcesOn } from '../access/roles.ts';
import type { Db } from './db.ts';

/** The id that the database knows each thing of the model by; a name twice is a thing once. */
function newIds(): (name: string) => string {
  const ids = new Map<string, string>();
  return (name) => {
    const id = ids.get(name) ?? crypto.randomUUID();
    ids.set(name, id);
    return id;
  };
}

/** Writes an installation of the model into an empty database. */
async function store(db: Db, world: Installation, id: (name: string) => string): Promise<void> {
  const target = (row: { portfolioId: string | null; plantId: string | null }) => ({
    portfolio_id: row.portfolioId && id(row.portfolioId),
    plant_id: row.plantId && id(row.plantId),
  });
  const insert = async (table: Parameters<Db['insertInto']>[0], rows: readonly object[]) => {
    if (rows.length > 0)
      await db
        .insertInto(table)
        .values([...rows])
        .execute();
  };
  const named = (name: string) => ({ id: id(name), name });
  await insert('organizations', world.organizations.map(named));
  await insert(
    'users',
    world.users.map((row) => ({ ...named(row.id), email: row.id, deleted_at: row.deleted ? new Date() : null })),
  );
  await insert(
    'memberships',
    world.memberships.map((row) => ({
      organization_id: id(row.organizationId),
      user_id: id(row.userId),
      role: row.role,
    })),
  );
  await insert(
    'portfolios',
    world.portfolios.map((row) => ({ ...named(row.id), organization_id: id(row.organizationId) })),
  );
  await insert(
    'plants',
    world.plants.map((row) => ({
      ...named(row.id),
      organization_id: id(row.organizationId),
      portfolio_id: id(row.portfolioId),
    })),
  );
  await insert(
    'grants',
    world.grants.map((row) => ({
      id: id(row.id),
      organization_id: id(row.organizationId),
      user_id: id(row.userId),
      role: row.role,
      ...target(row),
    })),
  );
  await insert(
    'cooperations',
    world.cooperations.map((row) => ({
      id: id(row.id),
      owner_id: id(row.ownerId),
      partner_id: id(row.partnerId),
      status: row.status,
    })),
  );
  await insert(
    'shares',
    world.shares.map((row) => ({
      id: id(row.id),
      cooperation_id: id(row.cooperationId),
      owner_id: id(row.ownerId),
      cap: row.cap,
      ...target(row),
    })),
  );
  await insert(
    'assignments',
    world.assignments.map((row) => ({
      id: id(row.id),
      share_id: id(row.shareId),
      cooperation_id: id(row.cooperationId),
      partner_id: id(row.partnerId),
      user_id: id(row.userId),
      role: row.role,
    })),
  );
}

/** What has to come together for a share to give anybody a role; single steps seldom do. */
const COOPERATING = ['invite', 'accept', 'share', 'assign'] as const;

describe.each(ENGINES)('on %s', (engine) => {
  test('the view of sources says what access says, source by source, on random installations (ACC-3 to ACC-6)', async () => {
    const seen = new Map<string, number>();
    await assert(
      asyncProperty(example, async ({ networks, steps }) => {
        await using database = await testDatabase(engine);
        const { db } = database;
        const world = emptyInstallation();
        const cooperating = steps.flatMap((step) => COOPERATING.map((kind) => ({ ...step, kind })));
        for (const step of [...beginning(networks), ...cooperating, ...steps]) make(world, step);
        const id = newIds();
        await store(db, world, id);
        const live = world.users.filter(({ deleted }) => !deleted);
        const said = live.flatMap((user) =>
          world.plants.flatMap((plant) =>
            sourcesOn(world, user.id, plant.id).map(
              ({ source, sourceId, role }) => `${id(user.id)} ${id(plant.id)} ${source} ${id(sourceId)} ${role}`,
            ),
          ),
        );
        const rows = await db
          .selectFrom('access_sources')
          .selectAll()
          .where(
            'user_id',
            'in',
            live.map((user) => id(user.id)),
          )
          .execute();
        const held = rows.map((row) => `${row.user_id} ${row.plant_id} ${row.source} ${row.source_id} ${row.role}`);
        expect(held.sort()).toEqual(said.sort());
        for (const { source } of rows) seen.set(source, (seen.get(source) ?? 0) + 1);
      }),
      { numRuns: 12, endOnFailure: true, seed: 20261120 },
    );
    // Every kind of source was there to compare.
    expect([...seen.keys()].sort()).toEqual([
      'membership',
      'plant-grant',
      'plant-share',
      'portfolio-grant',
      'portfolio-share',
    ]);
  }, 120_000);
});
