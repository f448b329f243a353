import { sql } from 'kysely';
import { formatCidr } from '../net/cidr.ts';
import type { PublicKey } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import type { AgentStateJson } from '../wire/state.ts';
import type { Db } from './db.ts';

type Read = Pick<AgentStateJson, 'revision' | 'address' | 'gateways' | 'subnets' | 'users'>;

/**
 * All that the agent of a plant needs to know, and nothing of any other (AGT-3), at the latest revision; one statement,
 * so it is of one moment. With it the identity key of the agent that is the current one. Undefined when there is none.
 */
export async function readAgentState(
  db: Db,
  plant: number,
  pools: Pools,
): Promise<{ readonly identityKey: PublicKey; readonly state: AgentStateJson } | undefined> {
  const { rows } = await sql<Read & { identityKey: PublicKey }>`
    select r.value as revision, a.identity_key as "identityKey", a.address - inet '0.0.0.0' as address,
      (select coalesce(json_agg(json_build_object('gateway', g.no, 'address', g.address - inet '0.0.0.0',
                'publicKey', g.tunnel_key, 'endpoint', g.endpoint) order by g.no), '[]')
         from gateways g where g.enrolled_at is not null) as gateways,
      (select coalesce(json_agg(json_build_object('network', n.network, 'range', n.unique_range) order by n.no), '[]')
         from subnets n join plants p on p.id = n.plant_id where p.no = a.plant_no) as subnets,
      (select coalesce(json_agg(c.address - inet '0.0.0.0' order by c.address), '[]')
         from reach h join certificates c on c.user_id = h.user_id where h.plant_no = a.plant_no) as users
      from agents a, revision r where a.plant_no = ${plant}`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { identityKey, ...read } = row;
  const userPool = formatCidr(pools.users);
  const infrastructurePool = formatCidr(pools.infrastructure);
  return { identityKey, state: { ...read, plant, userPool, infrastructurePool } };
}
