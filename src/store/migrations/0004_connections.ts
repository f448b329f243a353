import { type Kysely, sql } from 'kysely';

/**
 * Which of a daemon's connections is the latest, over all control processes: what arrives late on a former one says nothing of what
 * the daemon holds now.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence connections`.execute(db);
  await sql`alter table gateway_status add column connection bigint not null default 0`.execute(db);
  await sql`alter table agent_status add column connection bigint not null default 0`.execute(db);
}
