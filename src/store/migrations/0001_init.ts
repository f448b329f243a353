import { type Kysely, sql } from 'kysely';

interface Synced {
  readonly table: string;
  readonly kind: string;
  /** SQL expressions over a changed row `r`. */
  readonly key: string;
  readonly plant: string;
}

/** The tables whose rows daemons hold. The key of what belongs to a user starts with the user, not the address. */
const SYNCED: readonly Synced[] = [
  { table: 'slots', kind: 'slot', key: 'r.no', plant: 'null::int' },
  { table: 'gateways', kind: 'gateway', key: 'r.no', plant: 'null::int' },
  { table: 'agents', kind: 'agent', key: 'r.plant_no', plant: 'r.plant_no' },
  { table: 'subnets', kind: 'subnet', key: 'r.no', plant: '(select no from plants where id = r.plant_id)' },
  { table: 'certificates', kind: 'user', key: 'host(r.address)', plant: 'null::int' },
  { table: 'reach', kind: 'reach', key: "r.user_id || ':' || r.plant_no", plant: 'r.plant_no' },
  { table: 'route_settings', kind: 'setting', key: "r.user_id || ':' || r.subnet_no", plant: 'null::int' },
];

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function noteChanges({ table, kind, key, plant }: Synced): string {
  return (['insert', 'update', 'delete'] as const)
    .map(
      (event) => `create trigger note_${event} after ${event} on ${table}
        referencing ${event === 'delete' ? 'old' : 'new'} table as rows_changed
        for each statement execute function note_changes(${[kind, key, plant].map(quote).join(', ')});`,
    )
    .join('\n');
}

/**
 * The first schema. Conventions: `id` is what the API names a thing by; `no` is the small number that gateways and
 * `reach` name it by; every table of a tenant carries `organization_id`, and foreign keys include it, so that no join can
 * cross a tenant by mistake.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create extension if not exists btree_gist;

create type organization_role as enum ('guest', 'member', 'moderator', 'administrator');
-- Weakest first: max() over sources is the effective role (ACC-6), least() applies a cap (ACC-5).
create type job_role as enum ('viewer', 'asset_manager_commercial', 'technical_manager', 'operator');
create type cooperation_status as enum ('pending', 'active', 'paused', 'ended');

-- One row. Its signing key is sealed with the master key, which is not in the database.
create table installation (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  control_public_key text not null,
  control_sealed_key text not null
);

-- One row. Whoever changes what daemons hold takes the next value and keeps the row locked until commit: revisions
-- become visible in their order, and two changes never derive from each other's past.
create table revision (one boolean primary key default true check (one), value bigint not null);
insert into revision (value) values (1);

-- Which row changed at which revision. Carries no data: the sender reads the row as it is now, or finds it gone.
create table changes (
  revision bigint not null,
  kind text not null,
  key text not null,
  plant_no int,
  primary key (revision, kind, key)
);
create index changes_plant on changes (plant_no, revision);

-- One row. "changes" is complete for what came after this revision; who holds an older one gets a snapshot.
create table changes_floor (one boolean primary key default true check (one), revision bigint not null);
insert into changes_floor (revision) values (1);

create table users (
  id uuid primary key default gen_random_uuid(),
  no int generated always as identity unique,
  email text not null,
  name text not null,
  password_hash text,
  platform_administrator boolean not null default false,
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index users_email on users (lower(email)) where deleted_at is null;

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  -- How many addresses of the alias pool its subnets may take.
  alias_quota bigint not null default 262144,
  created_at timestamptz not null default now()
);
create unique index organizations_name on organizations (lower(name));

create table memberships (
  organization_id uuid not null references organizations on delete cascade,
  user_id uuid not null references users on delete cascade,
  role organization_role not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index memberships_user on memberships (user_id);

create table invitations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  token_hash bytea not null unique,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table portfolios (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  name text not null,
  created_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, name)
);

create table plants (
  id uuid primary key default gen_random_uuid(),
  no int generated always as identity unique,
  organization_id uuid not null,
  portfolio_id uuid not null,
  name text not null,
  created_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, name),
  foreign key (organization_id, portfolio_id) references portfolios (organization_id, id) on delete cascade
);
create index plants_portfolio on plants (portfolio_id);

create table subnets (
  id uuid primary key default gen_random_uuid(),
  no int generated always as identity unique,
  organization_id uuid not null,
  plant_id uuid not null,
  network cidr not null,
  unique_range cidr not null,
  pool text not null check (pool in ('alias', 'hidden')),
  -- Revision at which it came to be.
  since bigint not null,
  created_at timestamptz not null default now(),
  foreign key (organization_id, plant_id) references plants (organization_id, id) on delete cascade,
  exclude using gist (unique_range inet_ops with &&),
  exclude using gist (plant_id with =, network inet_ops with &&)
);
create index subnets_plant on subnets (plant_id);
create index subnets_organization on subnets (organization_id);

-- Ranges and addresses that were given back: not handed out again before the time is up.
create table released (
  range cidr primary key,
  released_at timestamptz not null default now()
);

create table devices (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  plant_id uuid not null,
  name text not null,
  address inet not null,
  note text not null default '',
  created_at timestamptz not null default now(),
  unique (plant_id, address),
  foreign key (organization_id, plant_id) references plants (organization_id, id) on delete cascade
);

create table grants (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  user_id uuid not null,
  portfolio_id uuid,
  plant_id uuid,
  role job_role not null,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  check (num_nonnulls(portfolio_id, plant_id) = 1),
  unique nulls not distinct (user_id, portfolio_id, plant_id),
  foreign key (organization_id, user_id) references memberships (organization_id, user_id) on delete cascade,
  foreign key (organization_id, portfolio_id) references portfolios (organization_id, id) on delete cascade,
  foreign key (organization_id, plant_id) references plants (organization_id, id) on delete cascade
);
create index grants_plant on grants (plant_id);
create index grants_portfolio on grants (portfolio_id);

create table cooperations (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references organizations on delete cascade,
  partner_id uuid not null references organizations on delete cascade,
  status cooperation_status not null default 'pending',
  invited_by uuid references users on delete set null,
  accepted_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  status_since timestamptz not null default now(),
  check (owner_id <> partner_id),
  unique (id, owner_id),
  unique (id, partner_id)
);
create unique index cooperations_live on cooperations (owner_id, partner_id) where status <> 'ended';

create table shares (
  id uuid primary key default gen_random_uuid(),
  cooperation_id uuid not null,
  owner_id uuid not null,
  portfolio_id uuid,
  plant_id uuid,
  cap job_role not null,
  created_at timestamptz not null default now(),
  check (num_nonnulls(portfolio_id, plant_id) = 1),
  unique (id, cooperation_id),
  unique nulls not distinct (cooperation_id, portfolio_id, plant_id),
  foreign key (cooperation_id, owner_id) references cooperations (id, owner_id) on delete cascade,
  foreign key (owner_id, portfolio_id) references portfolios (organization_id, id) on delete cascade,
  foreign key (owner_id, plant_id) references plants (organization_id, id) on delete cascade
);
create index shares_plant on shares (plant_id);
create index shares_portfolio on shares (portfolio_id);

create table assignments (
  id uuid primary key default gen_random_uuid(),
  share_id uuid not null,
  cooperation_id uuid not null,
  partner_id uuid not null,
  user_id uuid not null,
  role job_role not null,
  created_at timestamptz not null default now(),
  unique (share_id, user_id),
  foreign key (share_id, cooperation_id) references shares (id, cooperation_id) on delete cascade,
  foreign key (cooperation_id, partner_id) references cooperations (id, partner_id) on delete cascade,
  foreign key (partner_id, user_id) references memberships (organization_id, user_id) on delete cascade
);
create index assignments_user on assignments (user_id);
create index assignments_cooperation on assignments (cooperation_id);

create table regions (
  id uuid primary key default gen_random_uuid(),
  name text not null unique
);

create table slots (
  no int primary key,
  address inet not null,
  port int not null,
  public_key text not null unique,
  -- Sealed with the master key.
  sealed_key text not null,
  users cidr not null,
  exclude using gist (users inet_ops with &&)
);

create table gateways (
  id uuid primary key default gen_random_uuid(),
  no int generated always as identity unique,
  region_id uuid not null references regions,
  name text not null unique,
  -- Null until enrolled.
  identity_key text unique,
  tunnel_key text unique,
  endpoint text,
  address inet not null unique,
  enrolled_at timestamptz
);

-- Telemetry has tables of its own: it changes every second and has no revision.
create table gateway_status (
  gateway_no int primary key references gateways (no) on delete cascade,
  applied bigint not null default 0,
  seen_at timestamptz,
  clock_offset_ms int
);

create table agents (
  id uuid primary key default gen_random_uuid(),
  plant_no int not null unique references plants (no) on delete cascade,
  identity_key text not null unique,
  tunnel_key text not null unique,
  address inet not null unique,
  enrolled_at timestamptz not null default now()
);

create table agent_status (
  plant_no int primary key references agents (plant_no) on delete cascade,
  applied bigint not null default 0,
  seen_at timestamptz,
  clock_offset_ms int
);

create table enrollment_tokens (
  token_hash bytea primary key,
  plant_id uuid references plants on delete cascade,
  gateway_id uuid references gateways on delete cascade,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  check (num_nonnulls(plant_id, gateway_id) = 1)
);

-- Which gateway's tunnel to which plant's agent carries probes; as last reported.
create table paths (
  gateway_no int not null references gateways (no) on delete cascade,
  plant_no int not null references plants (no) on delete cascade,
  up boolean not null,
  since timestamptz not null default now(),
  primary key (gateway_no, plant_no)
);
create index paths_plant on paths (plant_no);

create table certificates (
  user_id uuid primary key references users on delete cascade,
  slot_no int not null references slots,
  address inet not null unique,
  public_key text not null unique,
  -- 'full' carries the private ranges and the aliases, 'alias' the aliases alone (VPN-18).
  profile text not null check (profile in ('full', 'alias')),
  issued_at timestamptz not null default now(),
  rotated_at timestamptz,
  revision bigint not null
);

-- Keys that were rotated away or revoked never come back.
create table retired_keys (public_key text primary key, retired_at timestamptz not null default now());

-- Derived access: holders of a certificate who are Operator on a plant. Written by derive.ts alone.
create table reach (
  user_id uuid not null references users on delete cascade,
  plant_no int not null references plants (no) on delete cascade,
  since bigint not null,
  primary key (user_id, plant_no)
);
create index reach_plant on reach (plant_no);

-- What a user set on a route; goes with the route.
create table route_settings (
  user_id uuid not null,
  subnet_no int not null references subnets (no) on delete cascade,
  plant_no int not null,
  chosen bigint not null default 0,
  paused_at timestamptz,
  revision bigint not null,
  primary key (user_id, subnet_no),
  foreign key (user_id, plant_no) references reach (user_id, plant_no) on delete cascade
);
create index route_settings_subnet on route_settings (subnet_no);

create table corrections (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  revision bigint,
  -- 'reach-added', 'reach-removed' by control's verification; 'gateway-repaired', 'agent-repaired' as reported.
  kind text not null,
  detail jsonb not null
);

create table limit_hits (
  gateway_no int not null references gateways (no) on delete cascade,
  user_id uuid not null references users on delete cascade,
  at timestamptz not null default now(),
  packets bigint not null
);
create index limit_hits_at on limit_hits (at);

create table sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz not null default now(),
  source inet,
  user_agent text not null default ''
);
create index sessions_user on sessions (user_id);

create table api_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  -- The token that made it: what a leaked token made goes when it is withdrawn.
  parent_id uuid references api_tokens on delete cascade,
  name text not null,
  token_hash bytea not null unique,
  scopes text[] not null,
  networks cidr[] not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  unique (user_id, name)
);

create table idempotency_keys (
  user_id uuid not null references users on delete cascade,
  key text not null,
  request_hash bytea not null,
  status int,
  body jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);

-- Every source of every role (ACC-6). \`reach\` is derived from it and authorization reads it.
create view access_sources as
  select m.user_id, p.id as plant_id, p.no as plant_no, 'operator'::job_role as role,
         'membership' as source, m.organization_id as source_id
    from memberships m join plants p on p.organization_id = m.organization_id
   where m.role in ('administrator', 'moderator')
  union all
  select g.user_id, p.id, p.no, g.role, 'plant-grant', g.id
    from grants g join plants p on p.id = g.plant_id and p.organization_id = g.organization_id
  union all
  select g.user_id, p.id, p.no, g.role, 'portfolio-grant', g.id
    from grants g join plants p on p.portfolio_id = g.portfolio_id and p.organization_id = g.organization_id
  union all
  select a.user_id, p.id, p.no, least(a.role, s.cap), 'plant-share', a.id
    from assignments a
    join shares s on s.id = a.share_id and s.cooperation_id = a.cooperation_id
    join cooperations c on c.id = s.cooperation_id and c.status = 'active'
    join plants p on p.id = s.plant_id and p.organization_id = s.owner_id
  union all
  select a.user_id, p.id, p.no, least(a.role, s.cap), 'portfolio-share', a.id
    from assignments a
    join shares s on s.id = a.share_id and s.cooperation_id = a.cooperation_id
    join cooperations c on c.id = s.cooperation_id and c.status = 'active'
    join plants p on p.portfolio_id = s.portfolio_id and p.organization_id = s.owner_id;

-- What reach must be: who holds a certificate and is Operator by any source.
create view reach_wanted as
  select distinct s.user_id, s.plant_no
    from access_sources s
    join certificates c on c.user_id = s.user_id
    join users u on u.id = s.user_id and u.deleted_at is null
   where s.role = 'operator';

-- The revision of this transaction; takes it, and with it the lock, when the transaction has none yet.
create function take_revision() returns bigint language plpgsql as $$
declare taken text := current_setting('parkway.revision', true);
begin
  if taken is null or taken = '' then
    update revision set value = value + 1 returning value into taken;
    perform set_config('parkway.revision', taken, true);
    perform pg_notify('parkway_revision', '');
  end if;
  return taken::bigint;
end $$;

-- One statement, one insert: every change of a row that daemons hold leaves its key in "changes". No code path, not even
-- psql, can change such a row without a revision. Arguments: kind, and the expressions of key and plant number.
create function note_changes() returns trigger language plpgsql as $$
begin
  if exists (select from rows_changed) then
    execute format(
      'insert into changes (revision, kind, key, plant_no)
       select distinct %s, %L, (%s)::text, %s from rows_changed r on conflict do nothing',
      take_revision(), tg_argv[0], tg_argv[1], tg_argv[2]);
  end if;
  return null;
end $$;

${SYNCED.map(noteChanges).join('\n')}
`;
