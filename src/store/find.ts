/** What a user can jump to: plants, devices and portfolios that the user sees, people of organizations that the user leads. */
import { sql } from 'kysely';
import type { Db } from './db.ts';
import { likePattern } from './like.ts';

export interface FoundRow {
  readonly kind: 'plant' | 'device' | 'person' | 'portfolio';
  readonly id: string;
  readonly name: string;
  readonly sub: string;
  readonly plantId: string | null;
  readonly organizationId: string;
  readonly address: string | null;
  readonly alias: string | null;
}

const MOST = 20;

/** Host n of the subnet is host n of the alias (VPN-10). Of the device `d` and its subnet `n`. */
export const DEVICE_ALIAS = sql<string | null>`
  case n.pool when 'alias' then host(host(n.unique_range)::inet + (d.address - host(n.network)::inet)) end`;

/** The best matches: what is called so, then what begins so, then what contains it. */
export async function find(db: Db, userId: string, text: string): Promise<FoundRow[]> {
  const [anywhere, start] = [likePattern(text, 'anywhere'), likePattern(text, 'start')];
  const { rows } = await sql<FoundRow>`
    with seen as materialized (select distinct plant_id from access_sources where user_id = ${userId}),
    led as (
      select organization_id as id from memberships
       where user_id = ${userId} and role in ('administrator', 'moderator')),
    plant as (
      select p.id, p.name, p.organization_id, p.portfolio_id, o.name as owner, f.name as portfolio
        from seen join plants p on p.id = seen.plant_id
        join organizations o on o.id = p.organization_id join portfolios f on f.id = p.portfolio_id),
    candidates as (
      select 1 as place, 'plant' as kind, p.id, p.name, p.portfolio || ' · ' || p.owner as sub, null::uuid as plant_id,
             p.organization_id, null as address, null as alias
        from plant p where p.name ilike ${anywhere}
      union all
      select 2, 'device', x.id, x.name, x.plant, x.plant_id, x.organization_id, x.address, x.alias
        from (select d.id, d.name, p.name as plant, d.plant_id, p.organization_id, host(d.address) as address,
                     ${DEVICE_ALIAS} as alias
                from plant p join devices d on d.plant_id = p.id
                left join subnets n on n.plant_id = d.plant_id and d.address <<= n.network) x
       where x.name ilike ${anywhere} or x.address like ${anywhere} or x.alias like ${anywhere}
      union all
      select 3, 'portfolio', f.id, f.name, o.name, null, f.organization_id, null, null
        from portfolios f join organizations o on o.id = f.organization_id
       where f.name ilike ${anywhere}
         and (f.organization_id in (select id from led)
           or f.id in (select portfolio_id from plant)
           or exists (select from grants g where g.user_id = ${userId} and g.portfolio_id = f.id))
      union all
      select distinct on (u.id) 4, 'person', u.id, u.name, u.email, null, m.organization_id, null, null
        from led join memberships m on m.organization_id = led.id join users u on u.id = m.user_id
       where u.name ilike ${anywhere} or u.email ilike ${anywhere})
    select kind, id, name, sub, plant_id as "plantId", organization_id as "organizationId", address, alias
      from candidates c
     order by case when lower(${text}) in (lower(c.name), c.address, c.alias) then 0
                   when c.name ilike ${start} or c.address like ${start} or c.alias like ${start} then 1
                   else 2 end, c.place, lower(c.name), c.id
     limit ${MOST}`.execute(db);
  return rows;
}
