/** Plants (ACC-1). A user sees the plants on which any source gives a role, and nothing of others. */
import { sql } from 'kysely';
import type { Standing } from '../access/capabilities.ts';
import type { JobRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import { type AgentState, agentState } from './agent-state.ts';
import type { Db, Tx } from './db.ts';
import { likePattern } from './like.ts';
import { type Window, behind } from './page.ts';
import { releaseAll } from './ranges.ts';
import { refusing } from './violation.ts';

/** A plant as one user sees it: with what the user is to it. */
export interface PlantRow extends Standing {
  readonly id: string;
  readonly no: number;
  readonly name: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly portfolioId: string;
  readonly portfolioName: string;
  readonly createdAt: Date;
  readonly role: JobRole;
  readonly leadsOwner: boolean;
  readonly agent: AgentState;
  readonly agentSeenAt: Date | null;
  readonly subnets: number;
  readonly devices: number;
}

/** Which plants a list is of. */
export interface PlantFilter {
  /** Part of the name of the plant or its portfolio. */
  readonly q?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly portfolioId?: string | undefined;
  readonly state?: AgentState | undefined;
}

/** What a plant hangs below; naming one selects all plants under it. */
export type PlantsOf =
  { readonly plantId: string } | { readonly portfolioId: string } | { readonly organizationId: string };

/** The plants that a user sees, by name. */
export async function listPlants(
  db: Db,
  userId: string,
  window: Window,
  now: Date,
  { q, organizationId, portfolioId, state }: PlantFilter = {},
): Promise<PlantRow[]> {
  const pattern = likePattern(q ?? '', 'anywhere');
  return seen(db, userId, now)
    .$if(q !== undefined, (query) => query.where(sql<boolean>`(p.name ilike ${pattern} or f.name ilike ${pattern})`))
    .$if(organizationId !== undefined, (query) => query.where('p.organization_id', '=', organizationId ?? ''))
    .$if(portfolioId !== undefined, (query) => query.where('p.portfolio_id', '=', portfolioId ?? ''))
    .$if(state !== undefined, (query) => query.where(agentState(now), '=', state ?? 'none'))
    .where(behind(window, 'p.name', 'p.id'))
    .orderBy('p.name')
    .orderBy('p.id')
    .limit(window.limit)
    .execute();
}

/** One plant, or undefined when the user may not see it. */
export async function readPlant(db: Db, userId: string, id: string, now: Date): Promise<PlantRow | undefined> {
  return seen(db, userId, now).where('p.id', '=', id).executeTakeFirst();
}

/** Adds a plant to a portfolio of the organization and returns its id and number. Throws `name-taken`. */
export async function insertPlant(
  tx: Tx,
  portfolio: { readonly id: string; readonly organizationId: string },
  name: string,
): Promise<{ id: string; no: number }> {
  const values = { organization_id: portfolio.organizationId, portfolio_id: portfolio.id, name };
  return refusing(() => tx.insertInto('plants').values(values).returning(['id', 'no']).executeTakeFirstOrThrow(), {
    plants_organization_id_name_key: () => nameTaken(name),
  });
}

/** Renames a plant, moves it to another portfolio of its organization, or both. Throws `name-taken`. */
export async function updatePlant(
  tx: Tx,
  id: string,
  patch: { readonly name: string; readonly portfolioId: string },
): Promise<void> {
  const values = { name: patch.name, portfolio_id: patch.portfolioId };
  await refusing(() => tx.updateTable('plants').set(values).where('id', '=', id).execute(), {
    plants_organization_id_name_key: () => nameTaken(patch.name),
  });
}

/** Deletes a plant. Release its ranges first; what anybody reached of it goes with it. */
export async function deletePlant(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('plants').where('id', '=', id).execute();
}

/** Gives back every unique range and agent address below something that is about to be deleted. */
export async function releaseAddresses(tx: Tx, of: PlantsOf, now: Date): Promise<void> {
  const below = ((): [string, string] => {
    if ('plantId' in of) return ['p.id', of.plantId];
    return 'portfolioId' in of ? ['p.portfolio_id', of.portfolioId] : ['p.organization_id', of.organizationId];
  })();
  const ranges = sql`
    select s.unique_range as range, s.organization_id, null::uuid as user_id from subnets s join plants p on p.id = s.plant_id
     where ${sql.ref(below[0])} = ${below[1]}
    union all
    select a.address::cidr, null, null from agents a join plants p on p.no = a.plant_no
     where ${sql.ref(below[0])} = ${below[1]}`;
  await releaseAll(tx, ranges, now);
}

function seen(db: Db, userId: string, now: Date) {
  return db
    .selectFrom('access_sources as s')
    .innerJoin('plants as p', 'p.id', 's.plant_id')
    .innerJoin('organizations as o', 'o.id', 'p.organization_id')
    .innerJoin('portfolios as f', 'f.id', 'p.portfolio_id')
    .where('s.user_id', '=', userId)
    .groupBy(['p.id', 'o.id', 'f.id'])
    .select([
      'p.id',
      'p.no',
      'p.name',
      'o.id as organizationId',
      'o.name as organizationName',
      'f.id as portfolioId',
      'f.name as portfolioName',
      'p.created_at as createdAt',
      sql<JobRole>`max(s.role)`.as('role'),
      sql<boolean>`bool_or(s.source = 'membership')`.as('leadsOwner'),
      agentState(now).as('agent'),
      sql<Date | null>`(select seen_at from agent_status t where t.plant_no = p.no)`.as('agentSeenAt'),
      sql<number>`(select count(*) from subnets n where n.plant_id = p.id)`.as('subnets'),
      sql<number>`(select count(*) from devices d where d.plant_id = p.id)`.as('devices'),
    ]);
}

function nameTaken(name: string): Problem {
  return new Problem('name-taken', `The organization has a plant called "${name}". Choose another name.`);
}
