import { Kysely, PostgresDialect, type Transaction, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { type ClientConfig, type CustomTypesConfig, Pool, type PoolConfig, types as defaults } from 'pg';
import * as first from './migrations/0001_init.ts';
import * as second from './migrations/0002_owners_of_released.ts';
import * as third from './migrations/0003_a_million_routes.ts';
import * as fourth from './migrations/0004_connections.ts';
import * as fifth from './migrations/0005_accounts.ts';
import * as eighth from './migrations/0008_identities.ts';
import * as ninth from './migrations/0009_live.ts';
import type { Schema } from './schema.ts';

export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;

/** Forward only, in order of their names. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_init': first,
  '0002_owners_of_released': second,
  '0003_a_million_routes': third,
  '0004_connections': fourth,
  '0005_accounts': fifth,
  '0008_identities': eighth,
  '0009_live': ninth,
};

/** Guards the migrations between control processes; any number that nobody else uses. */
const MIGRATION_LOCK = 7_275_919_001;

const BIGINT = 20;
const CIDR_ARRAY = 651;

/** `bigint` arrives as a number (revisions stay below 2^53), `cidr[]` as an array of texts. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === BIGINT) return Number;
    if (oid === CIDR_ARRAY)
      return (text: string) =>
        text
          .slice(1, -1)
          .split(',')
          .filter((part) => part !== '');
    return format === 'binary' ? defaults.getTypeParser(oid, 'binary') : defaults.getTypeParser(oid, 'text');
  },
};

/** The options of every connection, so that a dedicated one reads values as the pool does. */
export function connectionConfig(config: string | ClientConfig): ClientConfig {
  return { ...(typeof config === 'string' ? { connectionString: config } : config), types };
}

/**
 * Every change waits for one lock. A process that froze while it held it loses it after `idle_in_transaction_session_timeout`,
 * and nobody waits longer than `lock_timeout`.
 */
const TIMEOUTS = { idle_in_transaction_session_timeout: 20_000, lock_timeout: 10_000 } as const;

/**
 * No statement here runs long enough for a compiled plan to pay: compiling took longer than the rest of a verification.
 */
const PLANNING = { options: '-c jit=off' } as const;

/**
 * Opens a pool. `config` is a connection URL or options of `pg`. Connects lazily; a connection that breaks while idle is
 * dropped and replaced by the next query. `destroy()` the result to close it.
 */
export function openDb(config: string | PoolConfig): Db {
  const pool = new Pool({ max: 16, ...TIMEOUTS, ...PLANNING, ...connectionConfig(config) });
  // A client that loses its server emits an error, on the pool while idle and on itself while in use; without a listener
  // that would end the process. Whoever uses it meets the error with the next query.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Brings the schema up to date. Several processes may call it at once: the others wait and find nothing to do. Throws
 * what the failing migration threw; a failed one leaves nothing behind.
 */
export async function migrate(db: Db): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      const { error } = await new Migrator({ db: connection, provider: { getMigrations } }).migrateToLatest();
      if (error !== undefined) throw error;
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

async function getMigrations(): Promise<Record<string, Migration>> {
  return MIGRATIONS;
}
