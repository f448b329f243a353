import { type Kysely, sql } from 'kysely';

/**
 * Whose a range was that was given back: what rests counts against its owner, so that nobody empties a pool for all by
 * adding and deleting. And one entry point per address and port: two could not both listen.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table released
      add column organization_id uuid references organizations on delete set null,
      add column user_id uuid references users on delete set null`.execute(db);
  await sql`create index released_organization on released (organization_id)`.execute(db);
  await sql`create index released_user on released (user_id)`.execute(db);
  await sql`alter table slots add unique (address, port)`.execute(db);
}
