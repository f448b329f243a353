/** What an owner shares into a cooperation: plants and portfolios by reference, with a role cap (ACC-5). */
import { sql } from 'kysely';
import type { JobRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Target, targetColumns } from './grants.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface ShareRow {
  readonly id: string;
  readonly cooperationId: string;
  /** Exactly one of the two is set. */
  readonly plantId: string | null;
  readonly portfolioId: string | null;
  /** The name of what is shared. */
  readonly name: string;
  readonly cap: JobRole;
  readonly createdAt: Date;
}

/** The shares of a cooperation, by what is shared; none when the reader is a member of neither side. */
export async function listShares(db: Db, readerId: string, cooperationId: string, window: Window): Promise<ShareRow[]> {
  return db
    .selectFrom(seen(db, readerId).where('s.cooperation_id', '=', cooperationId).as('x'))
    .selectAll()
    .where(behind(window, 'x.name', 'x.id'))
    .orderBy('x.name')
    .orderBy('x.id')
    .limit(window.limit)
    .execute();
}

/** One share, or undefined when the reader is a member of neither side of its cooperation. */
export async function readShare(db: Db, readerId: string, id: string): Promise<ShareRow | undefined> {
  return seen(db, readerId).where('s.id', '=', id).executeTakeFirst();
}

/**
 * Adds a share and returns its id. The foreign keys hold that the target is the owner's: what was received cannot be
 * shared on. Throws `already-exists`.
 */
export async function insertShare(
  tx: Tx,
  cooperation: { readonly id: string; readonly ownerId: string },
  target: Target,
  cap: JobRole,
): Promise<string> {
  const values = { cooperation_id: cooperation.id, owner_id: cooperation.ownerId, ...targetColumns(target), cap };
  const { id } = await refusing(
    () => tx.insertInto('shares').values(values).returning('id').executeTakeFirstOrThrow(),
    {
      shares_cooperation_id_portfolio_id_plant_id_key: () =>
        new Problem(
          'already-exists',
          'This is shared in the cooperation already. Change the cap of that share instead.',
        ),
    },
  );
  return id;
}

/** Raises or lowers a cap. What was assigned above it counts for no more than the cap. Derive for the assignees. */
export async function updateShare(tx: Tx, id: string, cap: JobRole): Promise<void> {
  await tx.updateTable('shares').set({ cap }).where('id', '=', id).execute();
}

/** Takes a share back, with its assignments. Read the assignees first and derive for them afterwards. */
export async function deleteShare(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('shares').where('id', '=', id).execute();
}

function seen(db: Db, readerId: string) {
  return db
    .selectFrom('shares as s')
    .innerJoin('cooperations as c', 'c.id', 's.cooperation_id')
    .leftJoin('plants as p', 'p.id', 's.plant_id')
    .leftJoin('portfolios as f', 'f.id', 's.portfolio_id')
    .select([
      's.id',
      's.cooperation_id as cooperationId',
      's.plant_id as plantId',
      's.portfolio_id as portfolioId',
      sql<string>`coalesce(p.name, f.name)`.as('name'),
      's.cap',
      's.created_at as createdAt',
    ])
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('memberships as m')
          .where('m.user_id', '=', readerId)
          .where((inner) =>
            inner.or([
              inner('m.organization_id', '=', inner.ref('c.owner_id')),
              inner('m.organization_id', '=', inner.ref('c.partner_id')),
            ]),
          ),
      ),
    );
}
