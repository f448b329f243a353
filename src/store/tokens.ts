import { sql } from 'kysely';
import { Problem } from '../wire/problem.ts';
import type { Db } from './db.ts';
import { type Window, behind } from './page.ts';
import type { TokenScope } from './schema.ts';
import { refusing } from './violation.ts';

/** How stale `last_used_at` may be: most requests cost no write. */
const USED_EVERY_MS = 60_000;

/** An API token as it is stored, without its hash. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: TokenScope[];
  readonly networks: string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** A live token with its owner; `here` says whether it may be used from the source. */
export interface TokenOwner extends TokenRow {
  readonly userId: string;
  readonly platformAdministrator: boolean;
  readonly here: boolean;
}

const COLUMNS = [
  'api_tokens.id',
  'api_tokens.name',
  'api_tokens.scopes',
  'api_tokens.networks',
  'api_tokens.created_at as createdAt',
  'api_tokens.expires_at as expiresAt',
  'api_tokens.last_used_at as lastUsedAt',
] as const;

/** The live token with this hash, of a user who is not deleted. `source` is the address that it is used from. */
export async function findToken(db: Db, hash: Buffer, source: string, now: Date): Promise<TokenOwner | undefined> {
  const row = await db
    .selectFrom('api_tokens')
    .innerJoin('users', 'users.id', 'api_tokens.user_id')
    .select(COLUMNS)
    .select(['users.id as userId', 'users.platform_administrator as platformAdministrator'])
    .select(sql<boolean>`networks = '{}' or ${source}::inet <<= any (networks)`.as('here'))
    .where('token_hash', '=', hash)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where('users.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.lastUsedAt === null || now.getTime() - row.lastUsedAt.getTime() > USED_EVERY_MS) {
    await db.updateTable('api_tokens').set({ last_used_at: now }).where('id', '=', row.id).execute();
  }
  return row;
}

/** A user's own tokens by name, expired ones too. */
export async function listTokens(db: Db, userId: string, window: Window): Promise<TokenRow[]> {
  return db
    .selectFrom('api_tokens')
    .select(COLUMNS)
    .where('user_id', '=', userId)
    .where(behind(window, 'name', 'id'))
    .orderBy('name')
    .orderBy('id')
    .limit(window.limit)
    .execute();
}

/** Stores a new token. Refuses a name that the user has given to another. */
export async function insertToken(
  db: Db,
  token: {
    userId: string;
    parentId: string | null;
    hash: Buffer;
    name: string;
    scopes: readonly TokenScope[];
    networks: readonly string[];
    expiresAt: Date | null;
    now: Date;
  },
): Promise<TokenRow> {
  const insert = db
    .insertInto('api_tokens')
    .values({
      user_id: token.userId,
      parent_id: token.parentId,
      name: token.name,
      token_hash: token.hash,
      scopes: [...token.scopes],
      networks: sql`${[...token.networks]}::cidr[]`,
      created_at: token.now,
      expires_at: token.expiresAt,
    })
    .returning(COLUMNS);
  const row = await refusing(() => insert.executeTakeFirstOrThrow(), {
    api_tokens_user_id_name_key: () =>
      new Problem('name-taken', `You have a token "${token.name}". Choose another name.`),
  });
  return row;
}

/** Deletes one of the user's tokens and all that it made. Returns whether there was one. */
export async function deleteToken(db: Db, userId: string, id: string): Promise<boolean> {
  const result = await db
    .deleteFrom('api_tokens')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}
