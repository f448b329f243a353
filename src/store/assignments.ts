/** What the partner of a cooperation assigned to its own members, below the owner's cap (ACC-5). */
import { sql } from 'kysely';
import type { JobRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface AssignmentRow {
  readonly id: string;
  readonly shareId: string;
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  readonly role: JobRole;
  readonly effectiveRole: JobRole;
  readonly createdAt: Date;
}

/** The assignments of a share, by the person's name; none when the reader is a member of neither side. */
export async function listAssignments(
  db: Db,
  readerId: string,
  shareId: string,
  window: Window,
): Promise<AssignmentRow[]> {
  return seen(db, readerId)
    .where('a.share_id', '=', shareId)
    .where(behind(window, 'u.name', 'a.id'))
    .orderBy('u.name')
    .orderBy('a.id')
    .limit(window.limit)
    .execute();
}

/** One assignment, or undefined when the reader is a member of neither side of its cooperation. */
export async function readAssignment(db: Db, readerId: string, id: string): Promise<AssignmentRow | undefined> {
  return seen(db, readerId).where('a.id', '=', id).executeTakeFirst();
}

/** The users whom a share, or a whole cooperation, is assigned to. */
export async function assigneesOf(
  tx: Tx,
  of: { readonly shareId: string } | { readonly cooperationId: string },
): Promise<string[]> {
  const rows = await tx
    .selectFrom('assignments')
    .select('user_id as id')
    .distinct()
    .where((eb) => ('shareId' in of ? eb('share_id', '=', of.shareId) : eb('cooperation_id', '=', of.cooperationId)))
    .execute();
  return rows.map(({ id }) => id);
}

/** Assigns a share and returns the id. The foreign keys hold that the user is a member of the partner. Throws `already-exists`. */
export async function insertAssignment(
  tx: Tx,
  share: { readonly id: string; readonly cooperationId: string; readonly partnerId: string },
  userId: string,
  role: JobRole,
): Promise<string> {
  const values = {
    share_id: share.id,
    cooperation_id: share.cooperationId,
    partner_id: share.partnerId,
    user_id: userId,
    role,
  };
  const { id } = await refusing(
    () => tx.insertInto('assignments').values(values).returning('id').executeTakeFirstOrThrow(),
    {
      assignments_share_id_user_id_key: () =>
        new Problem('already-exists', 'This person has it already. Change the role of that assignment instead.'),
    },
  );
  return id;
}

/** Gives an assignment another role. Derive for its user afterwards. */
export async function updateAssignment(tx: Tx, id: string, role: JobRole): Promise<void> {
  await tx.updateTable('assignments').set({ role }).where('id', '=', id).execute();
}

/** Takes an assignment away. Derive for its user afterwards. */
export async function deleteAssignment(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('assignments').where('id', '=', id).execute();
}

function seen(db: Db, readerId: string) {
  return db
    .selectFrom('assignments as a')
    .innerJoin('shares as s', 's.id', 'a.share_id')
    .innerJoin('users as u', 'u.id', 'a.user_id')
    .select([
      'a.id',
      'a.share_id as shareId',
      'u.id as userId',
      'u.name as userName',
      'u.email as userEmail',
      'a.role',
      sql<JobRole>`least(a.role, s.cap)`.as('effectiveRole'),
      'a.created_at as createdAt',
    ])
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('memberships as m')
          .where('m.user_id', '=', readerId)
          .where((inner) =>
            inner.or([
              inner('m.organization_id', '=', inner.ref('s.owner_id')),
              inner('m.organization_id', '=', inner.ref('a.partner_id')),
            ]),
          ),
      ),
    );
}
