import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { change } from './change.ts';
import { type Db, openDb } from './db.ts';
import { isUnavailable } from './unavailable.ts';

async function pidOf(db: Db): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]?.pid ?? 0;
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a connection that is lost in the middle of a transaction fails that transaction and nothing else', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.prependListener('uncaughtException', note);
    const tx = await db.startTransaction().execute();
    const pid = await pidOf(tx);
    await sql`select pg_terminate_backend(${pid})`.execute(db);
    await expect.poll(async () => sql`select 1`.execute(tx).then(() => false, isUnavailable)).toBe(true);
    await tx
      .rollback()
      .execute()
      .catch(() => undefined);
    process.off('uncaughtException', note);
    expect(uncaught).toEqual([]);
    expect(await pidOf(db)).not.toBe(pid);
  });

  test('who froze with the lock of all changes loses it, and who waits for it is not kept for ever', async () => {
    await using database = await testDatabase(engine);
    const quick = { idle_in_transaction_session_timeout: 600, lock_timeout: 100 };
    const db = openDb({ ...database.connection, ...quick, max: 4 });
    const frozen = await db.startTransaction().execute();
    await sql`select take_revision()`.execute(frozen);
    const refused = change(db, async () => undefined);
    await expect(refused).rejects.toSatisfy(isUnavailable);
    await expect
      .poll(
        async () =>
          change(db, async () => true).then(
            ({ value }) => value,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    await frozen
      .rollback()
      .execute()
      .catch(() => undefined);
    await db.destroy();
  });

  test('every connection has both timeouts', async () => {
    await using database = await testDatabase(engine);
    const { rows } = await sql<{ idle: string; lock: string }>`
      select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('lock_timeout') as lock`.execute(
      database.db,
    );
    expect(rows).toEqual([{ idle: '20s', lock: '10s' }]);
  });
});
