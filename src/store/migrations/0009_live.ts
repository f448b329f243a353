import { type Kysely, sql } from 'kysely';

type Event = 'insert' | 'update' | 'delete';

/** Whom a changed row `r` concerns: a scope of `store/events.ts`, the SQL of its key, and what they have to read again. */
type Telling = readonly [scope: string, key: string, topic: string];

const PLANT = '(select p.no from plants p where p.id = r.plant_id)';
const [OWNER, PARTNER] = ['owner_id', 'partner_id'].map(
  (side) => `(select c.${side} from cooperations c where c.id = r.cooperation_id)`,
);
const ANY: readonly Event[] = ['insert', 'update', 'delete'];

/** What gateways and agents hold has its revision; this is what people see beside that. */
const TOLD: readonly (readonly [table: string, events: readonly Event[], tellings: readonly Telling[]])[] = [
  [
    'users',
    ['update'],
    [
      ['user', 'r.id', 'me'],
      ['person', 'r.id', 'organization'],
    ],
  ],
  [
    'memberships',
    ANY,
    [
      ['organization', 'r.organization_id', 'organization'],
      ['user', 'r.user_id', 'me'],
      ['user', 'r.user_id', 'plants'],
    ],
  ],
  ['invitations', ANY, [['person', 'r.user_id', 'organization']]],
  [
    'organizations',
    ANY,
    [
      ['organization', 'r.id', 'organization'],
      ['organization', 'r.id', 'me'],
      ['organization', 'r.id', 'plants'],
      ['platform', `'-'`, 'platform'],
    ],
  ],
  [
    'portfolios',
    ANY,
    [
      ['organization', 'r.organization_id', 'organization'],
      ['organization', 'r.organization_id', 'plants'],
      ['portfolio', 'r.id', 'plants'],
    ],
  ],
  [
    'plants',
    ANY,
    [
      ['organization', 'r.organization_id', 'plants'],
      ['portfolio', 'r.portfolio_id', 'plants'],
      ['plant', 'r.no', 'status'],
    ],
  ],
  ['subnets', ANY, [['plant', PLANT, 'plants']]],
  ['devices', ANY, [['plant', PLANT, 'plants']]],
  ['enrollment_tokens', ANY, [['plant', PLANT, 'plants']]],
  [
    'grants',
    ANY,
    [
      ['user', 'r.user_id', 'plants'],
      ['organization', 'r.organization_id', 'organization'],
    ],
  ],
  [
    'cooperations',
    ANY,
    [
      ['organization', 'r.owner_id', 'cooperations'],
      ['organization', 'r.partner_id', 'cooperations'],
      ['organization', 'r.partner_id', 'plants'],
    ],
  ],
  [
    'shares',
    ANY,
    [
      ['organization', 'r.owner_id', 'cooperations'],
      ['organization', `${PARTNER}`, 'cooperations'],
      ['organization', `${PARTNER}`, 'plants'],
    ],
  ],
  [
    'assignments',
    ANY,
    [
      ['user', 'r.user_id', 'plants'],
      ['organization', 'r.partner_id', 'cooperations'],
      ['organization', `${OWNER}`, 'cooperations'],
    ],
  ],
  [
    'certificates',
    ANY,
    [
      ['user', 'r.user_id', 'certificate'],
      ['user', 'r.user_id', 'routes'],
    ],
  ],
  ['agents', ANY, [['plant', 'r.plant_no', 'status']]],
  ['paths', ANY, [['plant', 'r.plant_no', 'status']]],
  [
    'gateways',
    ANY,
    [
      ['everybody', `'-'`, 'routes'],
      ['platform', `'-'`, 'platform'],
    ],
  ],
  ['slots', ANY, [['platform', `'-'`, 'platform']]],
  ['regions', ANY, [['platform', `'-'`, 'platform']]],
  ['corrections', ['insert'], [['platform', `'-'`, 'platform']]],
  ['limit_hits', ['insert'], [['platform', `'-'`, 'platform']]],
  [
    'second_factors',
    ['insert', 'delete'],
    [
      ['user', 'r.user_id', 'me'],
      ['person', 'r.user_id', 'organization'],
    ],
  ],
  ['sessions', ['insert'], [['user', 'r.user_id', 'sessions']]],
  [
    'sessions',
    ['delete'],
    [
      ['user', 'r.user_id', 'sessions'],
      ['credential', 'r.id', 'ended'],
    ],
  ],
  ['api_tokens', ['insert'], [['user', 'r.user_id', 'tokens']]],
  [
    'api_tokens',
    ['delete'],
    [
      ['user', 'r.user_id', 'tokens'],
      ['credential', 'r.id', 'ended'],
    ],
  ],
];

/**
 * Tells control processes what people have to read again (VPN-13): who and which topic, never what changed. A channel of its own
 * beside `parkway_revision`, for what has no revision; notifications of one transaction that are equal are one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(FUNCTIONS).execute(db);
  for (const [table, events, tellings] of TOLD) {
    for (const event of events) await sql.raw(trigger(table, event, tellings)).execute(db);
  }
  // A plant that moves concerns those of its former portfolio as well.
  const former: readonly Telling[] = [['portfolio', 'r.portfolio_id', 'plants']];
  await sql.raw(trigger('plants', 'update', former, 'old')).execute(db);
  await sql.raw(TELEMETRY).execute(db);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function trigger(
  table: string,
  event: Event,
  tellings: readonly Telling[],
  rows: 'old' | 'new' = event === 'delete' ? 'old' : 'new',
): string {
  return `create trigger tell_${event}_${rows} after ${event} on ${table}
    referencing ${rows} table as rows_changed
    for each statement execute function tell_rows(${tellings.flat().map(quote).join(', ')})`;
}

const FUNCTIONS = `
create function tell(scope text, key text, topic text) returns void language sql as $$
  select pg_notify('parkway_event', scope || ' ' || key || ' ' || topic)
$$;

-- Arguments: scope, expression of the key, topic, and so on. More keys than a few tell everybody, with one notification.
create function tell_rows() returns trigger language plpgsql as $$
declare
  keys text[];
begin
  if not exists (select from rows_changed) then return null; end if;
  for i in 0 .. tg_nargs - 1 by 3 loop
    execute format(
      'select array_agg(key) from (select distinct (%s)::text as key from rows_changed r limit 66) k where key is not null',
      tg_argv[i + 1]) into keys;
    if cardinality(keys) > 64 and tg_argv[i] <> 'credential' then
      perform tell('everybody', '-', tg_argv[i + 2]);
    else
      perform tell(tg_argv[i], key, tg_argv[i + 2]) from unnest(keys) key;
    end if;
  end loop;
  return null;
end $$;
`;

/**
 * Of a daemon only what changes its state: that it came, that it came back to life (see DEAD_AFTER_MS), what it confirmed. That it was
 * heard of, every second, is none.
 */
const TELEMETRY = `
create function tell_plant() returns trigger language plpgsql as $$
begin
  perform tell('plant', new.plant_no::text, 'status');
  return null;
end $$;
create trigger tell_connected after update of connection on agent_status for each row
  when (old.connection <> new.connection) execute function tell_plant();
create trigger tell_applied after update of applied on agent_status for each row
  when (old.applied <> new.applied) execute function tell_plant();
create trigger tell_alive after update of seen_at on agent_status for each row
  when (old.seen_at is null or old.seen_at <= now() - interval '4 seconds') execute function tell_plant();

create function tell_gateway() returns trigger language plpgsql as $$
begin
  perform tell('everybody', '-', 'routes'), tell('platform', '-', 'platform');
  return null;
end $$;
create trigger tell_connected after update of connection on gateway_status for each row
  when (old.connection <> new.connection) execute function tell_gateway();
create trigger tell_alive after update of seen_at on gateway_status for each row
  when (old.seen_at is null or old.seen_at <= now() - interval '4 seconds') execute function tell_gateway();

create function tell_confirmed() returns trigger language plpgsql as $$
begin
  perform tell('confirmed', least(old.applied, new.applied) || '-' || greatest(old.applied, new.applied), 'routes');
  return null;
end $$;
create trigger tell_applied after update of applied on gateway_status for each row
  when (old.applied <> new.applied) execute function tell_confirmed();
`;
