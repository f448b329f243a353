import { sql } from 'kysely';
import type { Db, Tx } from './db.ts';

/**
 * Runs a change of what daemons hold: begins, takes the next revision (and with it the lock that every other change waits
 * for), runs `fn`, commits. Returns the revision and what `fn` returned; when `fn` throws, nothing happened and no revision is used.
 *
 * The isolation is read committed on purpose: after the wait for the lock every statement sees what the former holder
 * committed, so two changes never derive from each other's past.
 */
export async function change<T>(
  db: Db,
  fn: (tx: Tx, revision: number) => Promise<T>,
): Promise<{ revision: number; value: T }> {
  return db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (tx) => {
      const { rows } = await sql<{ revision: number }>`select take_revision() as revision`.execute(tx);
      const revision = rows[0]?.revision;
      if (revision === undefined) throw new Error('take_revision() returned nothing');
      return { revision, value: await fn(tx, revision) };
    });
}
