import { type Kysely, sql } from 'kysely';

/** Who somebody is at the company's sign-in provider (OpenID Connect): one identity per account and provider. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table identities (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  issuer text not null,
  subject text not null,
  -- As the provider said it last; for people to recognize, never to decide by.
  email text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  constraint identities_subject unique (issuer, subject),
  constraint identities_user unique (user_id, issuer)
);
`;
