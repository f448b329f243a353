import { sql } from 'kysely';
import type { Db, Tx } from './db.ts';
import type { OrganizationRole } from './schema.ts';

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly platformAdministrator: boolean;
}

const COLUMNS = ['id', 'email', 'name', 'platform_administrator as platformAdministrator'] as const;

/** A live user by id. */
export async function findUser(db: Db | Tx, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').select(COLUMNS).where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst();
}

/** A live user by address, whatever its case, with the hash of the password; null when there is none yet. */
export async function findForSignIn(
  db: Db,
  email: string,
): Promise<(UserRow & { readonly passwordHash: string | null }) | undefined> {
  return db
    .selectFrom('users')
    .select(COLUMNS)
    .select('password_hash as passwordHash')
    .where(sql`lower(email)`, '=', email.toLowerCase())
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

/** The hash of a live user's password; null when there is none. */
export async function passwordHashOf(db: Db | Tx, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('users')
    .select('password_hash as passwordHash')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row?.passwordHash ?? null;
}

/** Gives a live user another password. */
export async function setPassword(db: Db | Tx, id: string, passwordHash: string): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: passwordHash })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute();
}

/** Gives a user another name. */
export async function renameUser(db: Db, id: string, name: string): Promise<void> {
  await db.updateTable('users').set({ name }).where('id', '=', id).where('deleted_at', 'is', null).execute();
}

/** What a user chose for the screen: whatever was stored, for the reader to check. */
export async function readPreferences(db: Db, id: string): Promise<unknown> {
  const row = await db.selectFrom('users').select('preferences').where('id', '=', id).executeTakeFirst();
  return row?.preferences ?? {};
}

/** Changes some of a user's preferences. */
export async function mergePreferences(db: Db, id: string, some: object): Promise<void> {
  await db
    .updateTable('users')
    .set({ preferences: sql`preferences || ${JSON.stringify(some)}::jsonb` })
    .where('id', '=', id)
    .execute();
}

/** The organizations of a user, by name, and the role in each. */
export async function membershipsOf(
  db: Db,
  userId: string,
): Promise<{ organizationId: string; organizationName: string; role: OrganizationRole }[]> {
  return db
    .selectFrom('memberships as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id as organizationId', 'o.name as organizationName', 'm.role'])
    .where('m.user_id', '=', userId)
    .orderBy('o.name')
    .execute();
}

/** How many live platform administrators there are. */
export async function countPlatformAdministrators(db: Db | Tx): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('platform_administrator', '=', true)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Makes the first platform administrator when there is no user yet, deleted ones included. Returns whether it did.
 * Several processes may try at once: the address is unique.
 */
export async function insertFirstUser(
  db: Db,
  user: { email: string; name: string; passwordHash: string },
): Promise<boolean> {
  const { rows } = await sql`
    insert into users (email, name, password_hash, platform_administrator)
    select ${user.email}, ${user.name}, ${user.passwordHash}, true where not exists (select from users)
    on conflict do nothing returning id`.execute(db);
  return rows.length > 0;
}

/** What lets a user in, and what is of no use without one. */
const OF_A_USER = [
  'sessions',
  'sign_in_challenges',
  'second_factors',
  'second_factor_setups',
  'password_resets',
  'familiar',
  'api_tokens',
  'invitations',
  'memberships',
  'idempotency_keys',
  'identities',
] as const;

/**
 * Marks a user as deleted and takes all that lets them in: sessions, API tokens, invitations, memberships and what hangs
 * on these (ACC-9). The row stays, for the audit trail. Withdraw the certificate as well, and derive afterwards.
 */
export async function deleteUser(tx: Tx, userId: string, now: Date): Promise<void> {
  for (const table of OF_A_USER) {
    await tx.deleteFrom(table).where('user_id', '=', userId).execute();
  }
  // An enrolment token of theirs that nobody used yet would still admit a machine.
  await tx.deleteFrom('enrollment_tokens').where('created_by', '=', userId).where('used_at', 'is', null).execute();
  await tx
    .updateTable('users')
    .set({ deleted_at: now, password_hash: null, platform_administrator: false })
    .where('id', '=', userId)
    .execute();
}
