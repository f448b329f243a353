import { type Kysely, sql } from 'kysely';

/**
 * What people's accounts need in a browser: sessions that belong to a cookie, the second factor, password resets, what signs of
 * a person are familiar, one's preferences, and who did what to an account.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
alter table users add column preferences jsonb not null default '{}';

-- A secret that was given as a cookie is not accepted as a bearer token, nor the other way round.
alter table sessions
  add column cookie boolean not null default false,
  add column second_factor text not null default 'none' check (second_factor in ('none', 'code', 'recovery'));

-- The secret is sealed with the master key. "last_step" is the time step of the last code that was accepted: none is twice.
create table second_factors (
  user_id uuid primary key references users on delete cascade,
  sealed_secret text not null,
  last_step bigint not null,
  recovery_hash bytea not null,
  created_at timestamptz not null default now()
);

-- Not in force until a first code proves that the secret arrived.
create table second_factor_setups (
  user_id uuid primary key references users on delete cascade,
  sealed_secret text not null,
  expires_at timestamptz not null
);
create index second_factor_setups_expires on second_factor_setups (expires_at);

-- Whoever gave the right password and still owes a code.
create table sign_in_challenges (
  token_hash bytea primary key,
  user_id uuid not null references users on delete cascade,
  attempts int not null default 0,
  expires_at timestamptz not null
);
create index sign_in_challenges_user on sign_in_challenges (user_id);
create index sign_in_challenges_expires on sign_in_challenges (expires_at);

create table password_resets (
  token_hash bytea primary key,
  user_id uuid not null unique references users on delete cascade,
  expires_at timestamptz not null
);
create index password_resets_expires on password_resets (expires_at);

-- Devices (the hash of their cookie) and networks that a person signed in with: guessers elsewhere do not lock them out.
create table familiar (
  user_id uuid not null references users on delete cascade,
  key bytea not null,
  last_used_at timestamptz not null,
  primary key (user_id, key)
);
create index familiar_used on familiar (last_used_at);

-- What happened to an account, and by whom (USR-4).
create table account_events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null,
  user_id uuid not null references users,
  actor_id uuid references users,
  organization_id uuid references organizations on delete set null,
  source inet,
  detail jsonb not null default '{}'
);
create index account_events_user on account_events (user_id, id);
create index account_events_at on account_events (at);
`;
