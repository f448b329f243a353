import { randomUUID } from 'node:crypto';
import type { ClientConfig } from 'pg';
import { sql } from 'kysely';
import { inject } from 'vitest';
import { type Db, openDb } from '../../src/store/db.ts';

/** The servers that every test of the store runs on. */
export const ENGINES = ['embedded', 'debian'] as const;
export type Engine = (typeof ENGINES)[number];

export interface TestDatabase extends AsyncDisposable {
  readonly db: Db;
  /** For a dedicated connection, or for a second pool. */
  readonly connection: ClientConfig;
}

/** An empty, migrated database of the test's own. Use it with `await using`: it is dropped at the end of the block. */
export async function testDatabase(engine: Engine): Promise<TestDatabase> {
  const server = { host: inject('postgres')[engine], port: 5432, user: 'parkway' };
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await maintain(server, sql`create database ${sql.id(name)} template template_parkway`);
  const connection = { ...server, database: name };
  const db = openDb({ ...connection, max: 8 });
  return {
    db,
    connection,
    [Symbol.asyncDispose]: async () => {
      await db.destroy();
      await maintain(server, sql`drop database ${sql.id(name)} with (force)`);
    },
  };
}

async function maintain(server: ClientConfig, statement: ReturnType<typeof sql>): Promise<void> {
  const db = openDb({ ...server, database: 'postgres', max: 1 });
  await statement.execute(db);
  await db.destroy();
}
