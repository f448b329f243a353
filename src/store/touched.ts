/** Whom changes can touch, by the id of what is changed. Nothing of it is shown; the change itself refuses who may not make it. */
import { sql } from 'kysely';
import type { Tx } from './db.ts';
import type { Touched } from './effects.ts';

/** The user of a grant or an assignment. */
export async function userOf(tx: Tx, table: 'grants' | 'assignments', id: string): Promise<Touched> {
  const rows = await tx.selectFrom(table).select('user_id').where('id', '=', id).execute();
  return { users: rows.map(({ user_id }) => user_id), plants: [] };
}

/** The plants below something. */
export async function plantsBelow(
  tx: Tx,
  column: 'id' | 'portfolio_id' | 'organization_id',
  id: string,
): Promise<Touched> {
  const rows = await tx.selectFrom('plants').select('no').where(column, '=', id).execute();
  return { users: [], plants: rows.map(({ no }) => no) };
}

/** The members of an organization, and its plants. */
export async function organizationTouched(tx: Tx, id: string): Promise<Touched> {
  const { rows } = await sql<{ id: string }>`
    select user_id as id from memberships where organization_id = ${id}`.execute(tx);
  const { plants } = await plantsBelow(tx, 'organization_id', id);
  return { users: rows.map((row) => row.id), plants };
}
