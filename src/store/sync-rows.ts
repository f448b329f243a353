import { type RawBuilder, sql } from 'kysely';
import type { RowsJson } from '../wire/state.ts';

/** The kinds of rows that gateways hold, by their names on the wire. */
export type Kind = keyof RowsJson;

/**
 * How a kind is read: all of it, or what changed after a revision. Either gives two columns of JSON in the form of the wire, of
 * which one is null: `row`, as it is now, and `gone`, the key of one that is no more.
 */
interface Reading {
  readonly all: RawBuilder<unknown>;
  readonly changed: (from: number) => RawBuilder<unknown>;
}

const ZERO = sql`inet '0.0.0.0'`;
const GATEWAY = sql`json_build_object('gateway', g.no, 'address', g.address - ${ZERO}, 'publicKey', g.tunnel_key, 'endpoint', g.endpoint)`;
const SLOT = sql`json_build_object('slot', s.no, 'address', s.address - ${ZERO}, 'port', s.port, 'publicKey', s.public_key, 'sealedKey', s.sealed_key, 'users', s.users)`;
const AGENT = sql`json_build_object('plant', a.plant_no, 'publicKey', a.tunnel_key, 'address', a.address - ${ZERO})`;
const SUBNET = sql`json_build_object('subnet', n.no, 'plant', p.no, 'network', n.network, 'range', n.unique_range, 'since', n.since)`;
const USER = sql`json_build_object('address', c.address - ${ZERO}, 'slot', c.slot_no, 'publicKey', c.public_key)`;
const REACH = sql`json_build_array(c.address - ${ZERO}, r.plant_no, r.since)`;
const SETTING = sql`json_build_object('user', c.address - ${ZERO}, 'subnet', t.subnet_no, 'chosen', t.chosen, 'paused', t.paused_at is not null)`;
const IS_SET = sql`(t.chosen > 0 or t.paused_at is not null)`;

/** Pairs are keyed by the user's id; what belongs to a user without a certificate is covered by the user that is gone. */
const PAIR = sql`split_part(key, ':', 1)::uuid as user_id, split_part(key, ':', 2)::int as no`;

function keys(from: number, kind: string, columns: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select distinct ${columns} from changes where revision > ${sql.lit(from)} and kind = ${sql.lit(kind)}) k`;
}

function entry(present: RawBuilder<unknown>, row: RawBuilder<unknown>, gone: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select case when ${present} then ${row} end as row, case when not ${present} then ${gone} end as gone`;
}

const NO = sql`key::int as no`;
const ONE = sql`to_json(k.no)`;

/** Every kind, with the query of all its rows and that of its changes. */
export const READINGS: { readonly [K in Kind]: Reading } = {
  slots: {
    all: sql`select ${SLOT} as row, null as gone from slots s`,
    changed: (from) =>
      sql`${entry(sql`s.no is not null`, SLOT, ONE)} from ${keys(from, 'slot', NO)} left join slots s on s.no = k.no`,
  },
  gateways: {
    all: sql`select ${GATEWAY} as row, null as gone from gateways g where g.enrolled_at is not null`,
    changed: (from) => sql`${entry(sql`g.no is not null`, GATEWAY, ONE)} from ${keys(from, 'gateway', NO)}
      left join gateways g on g.no = k.no and g.enrolled_at is not null`,
  },
  agents: {
    all: sql`select ${AGENT} as row, null as gone from agents a`,
    changed: (from) => sql`${entry(sql`a.plant_no is not null`, AGENT, ONE)} from ${keys(from, 'agent', NO)}
      left join agents a on a.plant_no = k.no`,
  },
  subnets: {
    all: sql`select ${SUBNET} as row, null as gone from subnets n join plants p on p.id = n.plant_id`,
    changed: (from) => sql`${entry(sql`n.no is not null`, SUBNET, ONE)} from ${keys(from, 'subnet', NO)}
      left join subnets n on n.no = k.no left join plants p on p.id = n.plant_id`,
  },
  users: {
    all: sql`select ${USER} as row, null as gone from certificates c`,
    changed: (from) => sql`${entry(sql`c.user_id is not null`, USER, sql`to_json(k.address - ${ZERO})`)}
      from ${keys(from, 'user', sql`key::inet as address`)} left join certificates c on c.address = k.address`,
  },
  reach: {
    // By user: who stages a snapshot has all of one user at once.
    all: sql`select ${REACH} as row, null as gone from reach r join certificates c on c.user_id = r.user_id
      order by r.user_id, r.plant_no`,
    changed: (from) =>
      sql`${entry(sql`r.user_id is not null`, REACH, sql`json_build_array(c.address - ${ZERO}, k.no)`)}
      from ${keys(from, 'reach', PAIR)} join certificates c on c.user_id = k.user_id
      left join reach r on r.user_id = k.user_id and r.plant_no = k.no`,
  },
  settings: {
    all: sql`select ${SETTING} as row, null as gone from route_settings t
      join certificates c on c.user_id = t.user_id where ${IS_SET}`,
    changed: (from) =>
      sql`${entry(sql`t.user_id is not null`, SETTING, sql`json_build_array(c.address - ${ZERO}, k.no)`)}
      from ${keys(from, 'setting', PAIR)} join certificates c on c.user_id = k.user_id
      left join route_settings t on t.user_id = k.user_id and t.subnet_no = k.no and ${IS_SET}`,
  },
};
