/** Portfolios (ACC-1). Administrators and Moderators see all of their organization's, others those they have a role in. */
import type { OrganizationRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface PortfolioRow {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly createdAt: Date;
  /** The reader's role in the organization, or null. */
  readonly organizationRole: OrganizationRole | null;
}

/** The portfolios of an organization that the user may see, by name. */
export async function listPortfolios(
  db: Db,
  userId: string,
  organizationId: string,
  window: Window,
): Promise<PortfolioRow[]> {
  return seen(db, userId)
    .where('f.organization_id', '=', organizationId)
    .where(behind(window, 'f.name', 'f.id'))
    .orderBy('f.name')
    .orderBy('f.id')
    .limit(window.limit)
    .execute();
}

/** One portfolio, or undefined when the user may not see it. */
export async function readPortfolio(db: Db, userId: string, id: string): Promise<PortfolioRow | undefined> {
  return seen(db, userId).where('f.id', '=', id).executeTakeFirst();
}

/** Adds a portfolio. Throws `name-taken`. */
export async function insertPortfolio(
  tx: Tx,
  organizationId: string,
  name: string,
): Promise<{ id: string; organizationId: string; name: string; createdAt: Date }> {
  return refusing(
    () =>
      tx
        .insertInto('portfolios')
        .values({ organization_id: organizationId, name })
        .returning(['id', 'organization_id as organizationId', 'name', 'created_at as createdAt'])
        .executeTakeFirstOrThrow(),
    { portfolios_organization_id_name_key: () => nameTaken(name) },
  );
}

/** Renames a portfolio. Throws `name-taken`. */
export async function renamePortfolio(tx: Tx, id: string, name: string): Promise<void> {
  await refusing(() => tx.updateTable('portfolios').set({ name }).where('id', '=', id).execute(), {
    portfolios_organization_id_name_key: () => nameTaken(name),
  });
}

/** Deletes a portfolio with its plants. Release the plants' ranges first. */
export async function deletePortfolio(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('portfolios').where('id', '=', id).execute();
}

function seen(db: Db, userId: string) {
  return db
    .selectFrom('portfolios as f')
    .leftJoin('memberships as m', (join) =>
      join.onRef('m.organization_id', '=', 'f.organization_id').on('m.user_id', '=', userId),
    )
    .select([
      'f.id',
      'f.organization_id as organizationId',
      'f.name',
      'f.created_at as createdAt',
      'm.role as organizationRole',
    ])
    .where((eb) =>
      eb.or([
        eb('m.role', 'in', ['administrator', 'moderator']),
        // A grant on the portfolio shows it while it is still empty.
        eb.exists(eb.selectFrom('grants as g').where('g.user_id', '=', userId).whereRef('g.portfolio_id', '=', 'f.id')),
        eb.exists(
          eb
            .selectFrom('access_sources as s')
            .innerJoin('plants as p', 'p.id', 's.plant_id')
            .where('s.user_id', '=', userId)
            .whereRef('p.portfolio_id', '=', 'f.id'),
        ),
      ]),
    );
}

function nameTaken(name: string): Problem {
  return new Problem('name-taken', `The organization has a portfolio called "${name}". Choose another name.`);
}
