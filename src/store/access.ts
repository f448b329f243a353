/** Why somebody has a role on a plant (ACC-6): the rows of `access_sources` with the names of what they come from. */
import { type RawBuilder, sql } from 'kysely';
import type { JobRole, OrganizationRole, Source } from '../access/roles.ts';
import type { Db } from './db.ts';
import { type Window, behind } from './page.ts';

/** One source of one user's role on one plant. Columns that do not belong to its kind are null. */
export interface SourceRow extends Source {
  readonly userId: string;
  readonly plantId: string;
  /** The organization whose membership, grant or assignment it is. */
  readonly organizationId: string;
  readonly organizationName: string;
  /** The user's role there. */
  readonly organizationRole: OrganizationRole;
  readonly portfolioId: string | null;
  readonly portfolioName: string | null;
  readonly cooperationId: string | null;
  readonly shareId: string | null;
  readonly cap: JobRole | null;
  /** What the partner assigned; `role` is what is left of it under the cap. */
  readonly assigned: JobRole | null;
  /** The organization that owns the plant. */
  readonly ownerId: string;
  readonly ownerName: string;
}

/** Everybody who has a role on a plant, by name. Shown to who leads the owner only. */
export async function listHolders(
  db: Db,
  plantId: string,
  window: Window,
): Promise<{ id: string; name: string; email: string }[]> {
  return db
    .selectFrom('users as u')
    .select(['u.id', 'u.name', 'u.email'])
    .where((eb) =>
      eb.exists(
        eb.selectFrom('access_sources as s').where('s.plant_id', '=', plantId).whereRef('s.user_id', '=', 'u.id'),
      ),
    )
    .where(behind(window, 'u.name', 'u.id'))
    .orderBy('u.name')
    .orderBy('u.id')
    .limit(window.limit)
    .execute();
}

/** Every source of the given users on a plant. */
export async function sourcesOnPlant(db: Db, plantId: string, userIds: readonly string[]): Promise<SourceRow[]> {
  const { rows } = await explained(sql`s.plant_id = ${plantId} and s.user_id = any(${userIds}::uuid[])`).execute(db);
  return rows;
}

/**
 * The plants that a member of an organization has a role on by that organization, by name. What the user has by other
 * organizations is none of this one's business.
 */
export async function listHeldPlants(
  db: Db,
  organizationId: string,
  userId: string,
  window: Window,
): Promise<{ id: string; name: string }[]> {
  const sources = explained(sql`s.user_id = ${userId}`);
  const { rows } = await sql<{ id: string; name: string }>`
    select p.id, p.name from plants p
     where p.id in (select e."plantId" from (${sources}) e where e."organizationId" = ${organizationId})
       and ${behind(window, 'p.name', 'p.id')}
     order by p.name, p.id limit ${window.limit}`.execute(db);
  return rows;
}

/** Every source of a member on the given plants that comes by the organization. */
export async function sourcesOfMember(
  db: Db,
  organizationId: string,
  userId: string,
  plantIds: readonly string[],
): Promise<SourceRow[]> {
  const sources = explained(sql`s.user_id = ${userId} and s.plant_id = any(${plantIds}::uuid[])`);
  const { rows } = await sql<SourceRow>`
    select * from (${sources}) e where e."organizationId" = ${organizationId}`.execute(db);
  return rows;
}

/** The sources `s` that a condition selects, each with what it comes from. */
function explained(condition: RawBuilder<unknown>): RawBuilder<SourceRow> {
  return sql<SourceRow>`
    select s.user_id as "userId", s.plant_id as "plantId", s.source, s.source_id as "sourceId", s.role,
           m.organization_id as "organizationId", mo.name as "organizationName", m.role as "organizationRole",
           f.id as "portfolioId", f.name as "portfolioName",
           sh.cooperation_id as "cooperationId", sh.id as "shareId", sh.cap, a.role as assigned,
           po.id as "ownerId", po.name as "ownerName"
      from access_sources s
      join plants p on p.id = s.plant_id
      join organizations po on po.id = p.organization_id
      left join grants g on g.id = s.source_id and s.source in ('plant-grant', 'portfolio-grant')
      left join assignments a on a.id = s.source_id and s.source in ('plant-share', 'portfolio-share')
      left join shares sh on sh.id = a.share_id
      left join portfolios f on f.id = coalesce(g.portfolio_id, sh.portfolio_id)
      join memberships m on m.user_id = s.user_id
       and m.organization_id = coalesce(g.organization_id, a.partner_id, s.source_id)
      join organizations mo on mo.id = m.organization_id
     where ${condition}
     order by s.role desc, s.source, s.source_id`;
}
