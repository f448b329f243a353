/** Memberships of organizations (ACC-2) and the accounts behind them. */
import { sql } from 'kysely';
import { type OrganizationRole, isLeading } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface MemberRow {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: OrganizationRole;
  /** The account has no password yet: its invitation was not accepted. */
  readonly invited: boolean;
  readonly createdAt: Date;
}

/** An account as somebody who invites its address meets it. */
export interface AccountRow {
  readonly userId: string;
  /** Its invitation was not accepted: whoever holds that may still claim it. */
  readonly unclaimed: boolean;
  /** An organization other than the given one knows it. */
  readonly known: boolean;
}

/** An organization's members, by name. */
export async function listMembers(db: Db, organizationId: string, window: Window): Promise<MemberRow[]> {
  return members(db, organizationId)
    .where(behind(window, 'u.name', 'u.id'))
    .orderBy('u.name')
    .orderBy('u.id')
    .limit(window.limit)
    .execute();
}

/** One member, or undefined when the user is none of this organization. */
export async function readMember(db: Db, organizationId: string, userId: string): Promise<MemberRow | undefined> {
  return members(db, organizationId).where('u.id', '=', userId).executeTakeFirst();
}

/** The ids of all members of an organization. */
export async function memberIds(tx: Tx, organizationId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('memberships')
    .select('user_id as id')
    .where('organization_id', '=', organizationId)
    .execute();
  return rows.map(({ id }) => id);
}

/** The account of an email address, whatever its case, as an organization that invites it meets it. */
export async function accountOf(tx: Tx, email: string, organizationId: string): Promise<AccountRow | undefined> {
  return tx
    .selectFrom('users as u')
    .select((eb) => [
      'u.id as userId',
      eb
        .and([eb('u.password_hash', 'is', null), eb('u.platform_administrator', '=', false)])
        .$castTo<boolean>()
        .as('unclaimed'),
      eb
        .exists(
          eb
            .selectFrom('memberships as m')
            .whereRef('m.user_id', '=', 'u.id')
            .where('m.organization_id', '<>', organizationId),
        )
        .$castTo<boolean>()
        .as('known'),
    ])
    .where(sql<boolean>`lower(u.email) = lower(${email}) and u.deleted_at is null`)
    .executeTakeFirst();
}

/** Makes an account without a password and returns its id. */
export async function insertAccount(tx: Tx, email: string, name: string): Promise<string> {
  const { id } = await tx.insertInto('users').values({ email, name }).returning('id').executeTakeFirstOrThrow();
  return id;
}

/** Makes a user a member. Throws `already-exists`. */
export async function insertMember(
  tx: Tx,
  organizationId: string,
  userId: string,
  role: OrganizationRole,
): Promise<void> {
  await refusing(
    () => tx.insertInto('memberships').values({ organization_id: organizationId, user_id: userId, role }).execute(),
    {
      memberships_pkey: () =>
        new Problem('already-exists', 'This person is a member already. Change the role of the member instead.'),
    },
  );
}

/** Gives a member another role. Who no longer leads loses the enrolment tokens that nobody used yet. */
export async function updateMember(
  tx: Tx,
  organizationId: string,
  userId: string,
  role: OrganizationRole,
): Promise<void> {
  if (!isLeading(role)) await deleteEnrollmentTokens(tx, organizationId, userId);
  await tx
    .updateTable('memberships')
    .set({ role })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute();
}

/**
 * Removes a member, with the grants and assignments that hang on the membership, and the enrolment tokens the member made
 * and nobody used yet: they would still admit an agent. Derive for the user afterwards.
 */
export async function deleteMember(tx: Tx, organizationId: string, userId: string): Promise<void> {
  await deleteEnrollmentTokens(tx, organizationId, userId);
  await tx
    .deleteFrom('memberships')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute();
}

async function deleteEnrollmentTokens(tx: Tx, organizationId: string, userId: string): Promise<void> {
  await tx
    .deleteFrom('enrollment_tokens')
    .where('created_by', '=', userId)
    .where('used_at', 'is', null)
    .where('plant_id', 'in', (eb) =>
      eb.selectFrom('plants').select('plants.id').where('plants.organization_id', '=', organizationId),
    )
    .execute();
}

/**
 * Names of the organizations in which nobody but this user is Administrator and able to sign in. A user who was only
 * invited is not missed as long as another Administrator, invited or not, is there.
 */
export async function soleAdministratorOf(tx: Tx, userId: string): Promise<{ id: string; name: string }[]> {
  return tx
    .selectFrom('memberships as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .innerJoin('users as me', 'me.id', 'm.user_id')
    .select(['o.id', 'o.name'])
    .where('m.user_id', '=', userId)
    .where('m.role', '=', 'administrator')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('memberships as other')
            .innerJoin('users as u', 'u.id', 'other.user_id')
            .whereRef('other.organization_id', '=', 'm.organization_id')
            .whereRef('other.user_id', '<>', 'm.user_id')
            .where('other.role', '=', 'administrator')
            .where((inner) =>
              inner.or([inner('u.password_hash', 'is not', null), inner('me.password_hash', 'is', null)]),
            ),
        ),
      ),
    )
    .orderBy('o.name')
    .execute();
}

function members(db: Db, organizationId: string) {
  return db
    .selectFrom('memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select((eb) => [
      'u.id as userId',
      'u.name',
      'u.email',
      'm.role',
      eb('u.password_hash', 'is', null).$castTo<boolean>().as('invited'),
      'm.created_at as createdAt',
    ])
    .where('m.organization_id', '=', organizationId);
}
