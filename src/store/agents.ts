/** Agents: at most one per plant, the one that enrolled last. */
import { sql } from 'kysely';
import type { Ip } from '../net/ip.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { isLive } from './liveness.ts';
import { release } from './ranges.ts';
import { ip } from './values.ts';

export interface AgentStatus {
  /** `none`: neither agent nor token; `waiting`: a token is out, or the agent was never seen. */
  readonly state: 'none' | 'waiting' | 'connected' | 'disconnected';
  readonly address: Ip | null;
  readonly seenAt: Date | null;
  /** The revision that it holds; null when there is no agent. */
  readonly applied: number | null;
  /** Per gateway, whether its tunnel to the agent carries probes, as it last said. */
  readonly paths: readonly { readonly gateway: string; readonly up: boolean; readonly since: Date }[];
}

/** How the agent of a plant fares. The caller has made sure that the actor may see the plant. */
export async function readAgent(db: Db, plantId: string, now: Date): Promise<AgentStatus> {
  const agent = await db
    .selectFrom('plants as p')
    .innerJoin('agents as a', 'a.plant_no', 'p.no')
    .leftJoin('agent_status as t', 't.plant_no', 'a.plant_no')
    .select(['a.address', 't.applied', 't.seen_at', isLive('t.seen_at').as('live')])
    .where('p.id', '=', plantId)
    .executeTakeFirst();
  if (agent === undefined) {
    const state = (await hasToken(db, plantId, now)) ? 'waiting' : 'none';
    return { state, address: null, seenAt: null, applied: null, paths: [] };
  }
  const seen = agent.live ? 'connected' : 'disconnected';
  return {
    state: agent.seen_at === null ? 'waiting' : seen,
    address: ip(agent.address),
    seenAt: agent.seen_at,
    applied: agent.applied ?? 0,
    paths: await pathsTo(db, plantId),
  };
}

/** Removes a plant's agent: its keys are refused from then on and its address rests. Throws `not-found`. */
export async function deleteAgent(tx: Tx, plantId: string, now: Date): Promise<void> {
  const gone = await tx
    .deleteFrom('agents as a')
    .using('plants as p')
    .whereRef('p.no', '=', 'a.plant_no')
    .where('p.id', '=', plantId)
    .returning('a.address')
    .executeTakeFirst();
  if (gone === undefined) throw new Problem('not-found', 'The plant has no agent.');
  await release(tx, ip(gone.address), now);
}

async function hasToken(db: Db, plantId: string, now: Date): Promise<boolean> {
  const token = await db
    .selectFrom('enrollment_tokens')
    .select('token_hash')
    .where('plant_id', '=', plantId)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .limit(1)
    .executeTakeFirst();
  return token !== undefined;
}

async function pathsTo(db: Db, plantId: string): Promise<AgentStatus['paths']> {
  return db
    .selectFrom('paths as h')
    .innerJoin('gateways as g', 'g.no', 'h.gateway_no')
    .innerJoin('plants as p', 'p.no', 'h.plant_no')
    .leftJoin('gateway_status as t', 't.gateway_no', 'g.no')
    .select(['g.name as gateway', 'h.since', sql<boolean>`h.up and ${isLive('t.seen_at')}`.as('up')])
    .where('p.id', '=', plantId)
    .orderBy('g.name')
    .execute();
}
