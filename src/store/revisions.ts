/** Who holds which revision: a change, a withdrawal above all, is done when everybody concerned confirmed it. */
import { sql } from 'kysely';
import type { Db } from './db.ts';

export interface Confirmation {
  readonly revision: number;
  readonly gateways: readonly { readonly name: string; readonly applied: number; readonly confirmed: boolean }[];
  /** Only those that are behind: what changed for their plant up to the revision is not in their kernel. */
  readonly agents: readonly { readonly name: string; readonly applied: number; readonly confirmed: false }[];
  readonly confirmed: boolean;
}

/** The latest committed revision. */
export async function headRevision(db: Db): Promise<number> {
  return (await db.selectFrom('revision').select('value').executeTakeFirstOrThrow()).value;
}

/**
 * Who has confirmed a revision: every enrolled gateway, and of the plants that the user sees the agents which the revision
 * concerns and that are behind it. Undefined for a revision that is not yet taken.
 */
export async function readConfirmation(db: Db, userId: string, revision: number): Promise<Confirmation | undefined> {
  if (revision > (await headRevision(db))) return undefined;
  const gateways = await db
    .selectFrom('gateways as g')
    .leftJoin('gateway_status as t', 't.gateway_no', 'g.no')
    .select((eb) => ['g.name', eb.fn.coalesce('t.applied', sql<number>`0`).as('applied')])
    .where('g.enrolled_at', 'is not', null)
    .orderBy('g.name')
    .execute();
  const agents = await agentsBehind(db, userId, revision);
  return {
    revision,
    gateways: gateways.map((gateway) => ({ ...gateway, confirmed: gateway.applied >= revision })),
    // One that the user may not see is not named, and counts all the same.
    agents: agents.flatMap(({ name, applied, visible }) => (visible ? [{ name, applied, confirmed: false }] : [])),
    confirmed: agents.length === 0 && gateways.every(({ applied }) => applied >= revision),
  };
}

/** What a pruned revision concerned is not known any more: then every agent before it is behind. */
async function agentsBehind(
  db: Db,
  userId: string,
  revision: number,
): Promise<{ name: string; applied: number; visible: boolean }[]> {
  const { rows } = await sql<{ name: string; applied: number; visible: boolean }>`
    select p.name, t.applied,
           p.id in (select s.plant_id from access_sources s where s.user_id = ${userId}) as visible
      from agent_status t
      join agents a on a.plant_no = t.plant_no
      join plants p on p.no = t.plant_no, changes_floor f
     where t.applied < ${revision}::bigint
       and (f.revision >= ${revision}::bigint
         or exists (select from changes c where c.revision = ${revision}::bigint and c.kind = 'gateway')
         or t.plant_no in (select c.plant_no from changes c
                            where c.revision = ${revision}::bigint and c.plant_no is not null))
     order by p.name`.execute(db);
  return rows;
}
