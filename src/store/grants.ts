/** Grants of job roles to members, on a plant or a portfolio of their organization (ACC-3). */
import { sql } from 'kysely';
import type { JobRole, OrganizationRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

/** What a grant or a share is on. */
export type Target = { readonly plantId: string } | { readonly portfolioId: string };

export interface GrantRow {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  /** Exactly one of the two is set. */
  readonly plantId: string | null;
  readonly portfolioId: string | null;
  /** The name of what it is on. */
  readonly name: string;
  readonly role: JobRole;
  readonly createdAt: Date;
  /** The reader's role in the organization. */
  readonly organizationRole: OrganizationRole;
}

/** The grants of an organization that the reader may see: all for who leads it, else one's own. By the person's name. */
export async function listGrants(
  db: Db,
  readerId: string,
  organizationId: string,
  window: Window,
): Promise<GrantRow[]> {
  return seen(db, readerId)
    .where('g.organization_id', '=', organizationId)
    .where(behind(window, 'u.name', 'g.id'))
    .orderBy('u.name')
    .orderBy('g.id')
    .limit(window.limit)
    .execute();
}

/** One grant, or undefined when the reader may not see it. */
export async function readGrant(db: Db, readerId: string, id: string): Promise<GrantRow | undefined> {
  return seen(db, readerId).where('g.id', '=', id).executeTakeFirst();
}

/**
 * Adds a grant and returns its id. The foreign keys hold that user and target are of the organization. Throws
 * `already-exists`. Derive for the user afterwards.
 */
export async function insertGrant(
  tx: Tx,
  grant: {
    readonly organizationId: string;
    readonly userId: string;
    readonly target: Target;
    readonly role: JobRole;
    readonly createdBy: string;
  },
): Promise<string> {
  const values = {
    organization_id: grant.organizationId,
    user_id: grant.userId,
    ...targetColumns(grant.target),
    role: grant.role,
    created_by: grant.createdBy,
  };
  const { id } = await refusing(
    () => tx.insertInto('grants').values(values).returning('id').executeTakeFirstOrThrow(),
    {
      grants_user_id_portfolio_id_plant_id_key: () =>
        new Problem('already-exists', 'This person has a grant there already. Change the role of that grant instead.'),
    },
  );
  return id;
}

/** Gives a grant another role. Derive for its user afterwards. */
export async function updateGrant(tx: Tx, id: string, role: JobRole): Promise<void> {
  await tx.updateTable('grants').set({ role }).where('id', '=', id).execute();
}

/** Withdraws a grant. Derive for its user afterwards. */
export async function deleteGrant(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('grants').where('id', '=', id).execute();
}

/** A target as the two columns that hold it. */
export function targetColumns(target: Target): { plant_id: string | null; portfolio_id: string | null } {
  return 'plantId' in target
    ? { plant_id: target.plantId, portfolio_id: null }
    : { plant_id: null, portfolio_id: target.portfolioId };
}

function seen(db: Db, readerId: string) {
  return db
    .selectFrom('grants as g')
    .innerJoin('memberships as m', (join) =>
      join.onRef('m.organization_id', '=', 'g.organization_id').on('m.user_id', '=', readerId),
    )
    .innerJoin('users as u', 'u.id', 'g.user_id')
    .leftJoin('plants as p', 'p.id', 'g.plant_id')
    .leftJoin('portfolios as f', 'f.id', 'g.portfolio_id')
    .select([
      'g.id',
      'g.organization_id as organizationId',
      'u.id as userId',
      'u.name as userName',
      'u.email as userEmail',
      'g.plant_id as plantId',
      'g.portfolio_id as portfolioId',
      sql<string>`coalesce(p.name, f.name)`.as('name'),
      'g.role',
      'g.created_at as createdAt',
      'm.role as organizationRole',
    ])
    .where((eb) => eb.or([eb('m.role', 'in', ['administrator', 'moderator']), eb('g.user_id', '=', readerId)]));
}
