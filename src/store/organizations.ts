/** Organizations (ACC-1) and who sees them: their members, and platform administrators by name (ACC-7). */
import type { OrganizationRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

/** Who looks. An `Actor` of control is one. */
export interface Viewer {
  readonly userId: string;
  readonly platformAdministrator: boolean;
}

export interface OrganizationRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** The viewer's role in it; null for a platform administrator who is no member. */
  readonly role: OrganizationRole | null;
}

/** The organizations that the viewer may see, by name. */
export async function listOrganizations(db: Db, viewer: Viewer, window: Window): Promise<OrganizationRow[]> {
  return seen(db, viewer)
    .where(behind(window, 'o.name', 'o.id'))
    .orderBy('o.name')
    .orderBy('o.id')
    .limit(window.limit)
    .execute();
}

/** One organization, or undefined when the viewer may not see it. */
export async function readOrganization(db: Db, viewer: Viewer, id: string): Promise<OrganizationRow | undefined> {
  return seen(db, viewer).where('o.id', '=', id).executeTakeFirst();
}

/** Adds an organization. Throws `name-taken`. */
export async function insertOrganization(tx: Tx, name: string): Promise<{ id: string; name: string; createdAt: Date }> {
  return refusing(
    () =>
      tx
        .insertInto('organizations')
        .values({ name })
        .returning(['id', 'name', 'created_at as createdAt'])
        .executeTakeFirstOrThrow(),
    { organizations_name: () => nameTaken(name) },
  );
}

/** Renames an organization. Throws `name-taken`. */
export async function renameOrganization(tx: Tx, id: string, name: string): Promise<void> {
  await refusing(() => tx.updateTable('organizations').set({ name }).where('id', '=', id).execute(), {
    organizations_name: () => nameTaken(name),
  });
}

/** Deletes an organization with all that it owns. Release its plants' ranges first, derive for its members afterwards. */
export async function deleteOrganization(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('organizations').where('id', '=', id).execute();
}

/**
 * Finds the organization to invite into a cooperation, by its id or its exact name. This is the one look-up that asks
 * for no role: who cooperates has to name a stranger. It tells no more than that the name exists.
 */
export async function findPartner(
  tx: Tx,
  by: { readonly id: string } | { readonly name: string },
): Promise<{ id: string; name: string } | undefined> {
  return tx
    .selectFrom('organizations')
    .select(['id', 'name'])
    .where((eb) => ('id' in by ? eb('id', '=', by.id) : eb('name', '=', by.name)))
    .executeTakeFirst();
}

function seen(db: Db, viewer: Viewer) {
  return db
    .selectFrom('organizations as o')
    .leftJoin('memberships as m', (join) =>
      join.onRef('m.organization_id', '=', 'o.id').on('m.user_id', '=', viewer.userId),
    )
    .select(['o.id', 'o.name', 'o.created_at as createdAt', 'm.role'])
    .$if(!viewer.platformAdministrator, (query) => query.where('m.user_id', 'is not', null));
}

function nameTaken(name: string): Problem {
  return new Problem('name-taken', `There is an organization called "${name}". Choose another name.`);
}
