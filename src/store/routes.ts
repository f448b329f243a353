/** A user's own routes: access × subnets × settings (VPN-9 to VPN-12). They are computed, not kept. */
import { sql } from 'kysely';
import { contests } from '../access/contests.ts';
import { deriveRoutes } from '../access/routes.ts';
import { type Cidr, cidr, contains } from '../net/cidr.ts';
import type { Pools } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { isLive } from './liveness.ts';
import { type RouteStatus, type Way, routeStatus } from './route-status.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

export interface RouteRow {
  /** Also the route's id. */
  readonly subnetId: string;
  readonly plant: Named;
  readonly portfolio: Named;
  readonly organization: Named;
  readonly network: Cidr;
  /** The alias, when the unique range is one that users may type. */
  readonly alias: Cidr | null;
  readonly status: RouteStatus;
  readonly reason: string;
  /** The parts that another of the user's routes claims too, and whose they are. */
  readonly contested: readonly { readonly range: Cidr; readonly owner: Named; readonly mine: boolean }[];
  readonly paused: boolean;
  /** Revision at which the user came to have the route, and that of its last change. */
  readonly since: number;
  readonly revision: number;
}

/** All routes of a user, ordered by organization, portfolio, plant and network. */
export async function listRoutes(db: Db, userId: string, pools: Pools): Promise<RouteRow[]> {
  const facts = await readFacts(db, userId);
  const parsed = facts.map((row) => ({ ...row, network: cidr(row.network), range: cidr(row.range) }));
  const routes = deriveRoutes(
    {
      reach: parsed.map(({ plant, reached }) => ({ plant, since: reached })),
      subnets: parsed,
      settings: parsed,
    },
    pools,
  );
  const derived = new Map(routes.map((route) => [route.subnet, route]));
  const contested = contests(routes);
  const plants = new Map(parsed.map((row) => [row.subnet, { id: row.plantId, name: row.plantName }]));
  return parsed.flatMap((row): RouteRow[] => {
    const route = derived.get(row.subnet);
    if (route === undefined) return [];
    const shared = (contested.get(row.subnet) ?? []).flatMap(({ range, owner }) => {
      const plant = plants.get(owner);
      return plant === undefined ? [] : [{ range, owner: plant, mine: owner === row.subnet }];
    });
    const alias = contains(pools.alias, row.range) ? row.range : null;
    const lost = shared.filter(({ mine }) => !mine);
    return [
      {
        subnetId: row.subnetId,
        plant: { id: row.plantId, name: row.plantName },
        portfolio: { id: row.portfolioId, name: row.portfolioName },
        organization: { id: row.organizationId, name: row.organizationName },
        network: row.network,
        alias,
        ...routeStatus({ ...route, alias }, wayOf(row), lost),
        contested: shared,
        paused: row.paused,
        since: Math.max(row.reached, row.since),
        revision: gatewayRevision(row),
      },
    ];
  });
}

/** "Use this park": the route's claim is the strongest until the user chooses again. Throws `route-not-yours`. */
export async function takeRoute(tx: Tx, revision: number, userId: string, subnetId: string): Promise<void> {
  await set(tx, revision, userId, subnetId, { chosen: revision });
}

/** Pauses a route; it keeps the addresses it owns (VPN-11). Throws `route-not-yours`. */
export async function pauseRoute(tx: Tx, revision: number, userId: string, subnetId: string, now: Date): Promise<void> {
  await set(tx, revision, userId, subnetId, { paused_at: now });
}

/** Resumes a paused route. Throws `route-not-yours`. */
export async function resumeRoute(tx: Tx, revision: number, userId: string, subnetId: string): Promise<void> {
  await set(tx, revision, userId, subnetId, { paused_at: null });
}

async function set(
  tx: Tx,
  revision: number,
  userId: string,
  subnetId: string,
  patch: { readonly chosen: number } | { readonly paused_at: Date | null },
): Promise<void> {
  const route = await tx
    .selectFrom('reach as r')
    .innerJoin('plants as p', 'p.no', 'r.plant_no')
    .innerJoin('subnets as n', 'n.plant_id', 'p.id')
    .select(['n.no as subnet_no', 'p.no as plant_no'])
    .where('r.user_id', '=', userId)
    .where('n.id', '=', subnetId)
    .executeTakeFirst();
  if (route === undefined) throw new Problem('route-not-yours', 'List your routes to see which there are.');
  await tx
    .insertInto('route_settings')
    .values({ user_id: userId, ...route, revision, paused_at: null, ...patch })
    .onConflict((conflict) => conflict.columns(['user_id', 'subnet_no']).doUpdateSet({ ...patch, revision }))
    .execute();
}

type Fact = Awaited<ReturnType<typeof readFacts>>[number];

async function readFacts(db: Db, userId: string) {
  return db
    .selectFrom('reach as r')
    .innerJoin('certificates as c', 'c.user_id', 'r.user_id')
    .innerJoin('plants as p', 'p.no', 'r.plant_no')
    .innerJoin('portfolios as f', 'f.id', 'p.portfolio_id')
    .innerJoin('organizations as o', 'o.id', 'p.organization_id')
    .innerJoin('subnets as n', 'n.plant_id', 'p.id')
    .leftJoin('route_settings as t', (join) =>
      join.onRef('t.user_id', '=', 'r.user_id').onRef('t.subnet_no', '=', 'n.no'),
    )
    .leftJoin('agent_status as a', 'a.plant_no', 'p.no')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('paths as h')
          .innerJoin('gateway_status as g', 'g.gateway_no', 'h.gateway_no')
          .select((inner) => inner.fn.max('g.applied').as('applied'))
          .whereRef('h.plant_no', '=', 'p.no')
          .where('h.up', '=', true)
          .where(isLive('g.seen_at'))
          .as('w'),
      (join) => join.onTrue(),
    )
    .select([
      'p.no as plant',
      'p.id as plantId',
      'p.name as plantName',
      'f.id as portfolioId',
      'f.name as portfolioName',
    ])
    .select(['o.id as organizationId', 'o.name as organizationName', 'r.since as reached'])
    .select(['n.no as subnet', 'n.id as subnetId', 'n.network', 'n.unique_range as range', 'n.since'])
    .select(['c.revision as certificateRevision', 't.revision as settingRevision'])
    .select([sql<number>`coalesce(t.chosen, 0)`.as('chosen'), sql<boolean>`t.paused_at is not null`.as('paused')])
    .select(['a.applied as agentApplied', isLive('a.seen_at').as('agentLive'), 'w.applied as pathApplied'])
    .select(sql<number>`(select count(*) from gateway_status g where ${isLive('g.seen_at')})`.as('liveGateways'))
    .where('r.user_id', '=', userId)
    .orderBy('o.name')
    .orderBy('f.name')
    .orderBy('p.name')
    .orderBy('n.network')
    .orderBy('n.no')
    .execute();
}

function gatewayRevision(row: Omit<Fact, 'network' | 'range'>): number {
  return Math.max(row.reached, row.since, row.certificateRevision, row.settingRevision ?? 0);
}

function wayOf(row: Omit<Fact, 'network' | 'range'>): Way {
  const enrolled = row.agentLive ? 'live' : 'silent';
  return {
    gatewayRevision: gatewayRevision(row),
    agentRevision: Math.max(row.reached, row.since),
    agent: row.agentApplied === null ? 'none' : enrolled,
    agentApplied: row.agentApplied ?? 0,
    liveGateways: row.liveGateways,
    pathApplied: row.pathApplied ?? undefined,
  };
}
