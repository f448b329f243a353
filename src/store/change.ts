import { sql } from 'kysely';
import type { Db, Tx } from './db.ts';

/**
 * Runs a change of what daemons hold: begins, takes the next revision (and with it the lock that every other change waits
 * for), runs `fn`, commits. Returns the revision and what `fn` returned; when `fn` throws, nothing happened and no revision is used.
 *
 * The isolation is read committed on purpose: after the wait for the lock every statement sees what the former holder
 * committed, so two changes never derive from each other's past. Within a transaction it is a part of that (`rehearse`).
 */
export async function change<T>(
  db: Db,
  fn: (tx: Tx, revision: number) => Promise<T>,
): Promise<{ revision: number; value: T }> {
  const run = async (tx: Tx): Promise<{ revision: number; value: T }> => {
    const revision = await takeRevision(tx);
    return { revision, value: await fn(tx, revision) };
  };
  return isTransaction(db) ? run(db) : db.transaction().setIsolationLevel('read committed').execute(run);
}

/**
 * Runs `fn` in a transaction that holds the lock of all changes, and undoes it whatever happens. `change` on this transaction
 * is a part of it. Returns what `fn` returned, or throws what it threw.
 */
export async function rehearse<T>(db: Db, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await db.startTransaction().setIsolationLevel('read committed').execute();
  try {
    await takeRevision(tx);
    return await fn(tx);
  } finally {
    await tx.rollback().execute();
  }
}

function isTransaction(db: Db): db is Tx {
  return db.isTransaction;
}

async function takeRevision(tx: Tx): Promise<number> {
  const { rows } = await sql<{ revision: number }>`select take_revision() as revision`.execute(tx);
  const revision = rows[0]?.revision;
  if (revision === undefined) throw new Error('take_revision() returned nothing');
  return revision;
}
