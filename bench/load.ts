import { sql } from 'kysely';
import { change } from '../src/store/change.ts';
import type { Db } from '../src/store/db.ts';
import { derive } from '../src/store/derive.ts';

/** Routes of one loaded user: the plants of a portfolio, each with one subnet. */
const ROUTES_PER_USER = 100;

/**
 * Adds an organization of `size` routes through SQL: 100 plants with a /24 each, and `size` / 100 people with certificates
 * and a portfolio grant. Nobody holds the private keys. Returns the revision at which they are there.
 */
export async function loadRoutes(db: Db, size: number): Promise<number> {
  const users = Math.ceil(size / ROUTES_PER_USER);
  const { revision } = await change(db, async (tx, taken) => {
    await sql`insert into organizations (name) values ('Load')`.execute(tx);
    await sql`insert into portfolios (organization_id, name) select id, 'Load' from organizations where name = 'Load'`.execute(
      tx,
    );
    await sql`
      insert into plants (organization_id, portfolio_id, name)
      select f.organization_id, f.id, 'Load ' || n
        from portfolios f, generate_series(1, ${ROUTES_PER_USER}::int) n where f.name = 'Load'`.execute(tx);
    // The last part of the alias pool: far from what the installation itself hands out.
    await sql`
      insert into subnets (organization_id, plant_id, network, unique_range, pool, since)
      select organization_id, id,
             set_masklen((inet '10.200.0.0' + (row_number() over (order by no)) * 256)::cidr, 24),
             set_masklen((inet '100.127.0.0' + (row_number() over (order by no)) * 256)::cidr, 24),
             'alias', ${taken}::bigint
        from plants where name like 'Load %'`.execute(tx);
    await sql`
      insert into users (email, name)
      select 'load-' || n || '@load.test', 'Load ' || n from generate_series(1, ${users}::int) n`.execute(tx);
    await sql`
      insert into memberships (organization_id, user_id, role)
      select o.id, u.id, 'member' from organizations o, users u where o.name = 'Load' and u.email like 'load-%'`.execute(
      tx,
    );
    await sql`
      insert into grants (organization_id, user_id, portfolio_id, role)
      select f.organization_id, u.id, f.id, 'operator'
        from portfolios f, users u where f.name = 'Load' and u.email like 'load-%'`.execute(tx);
    await sql`
      insert into certificates (user_id, slot_no, address, public_key, profile, revision)
      select u.id, s.no, host(s.users)::inet + 1024 + (row_number() over (order by u.no))::int,
             encode(sha256(u.id::text::bytea), 'base64'), 'full', ${taken}::bigint
        from users u, (select no, users from slots order by no limit 1) s where u.email like 'load-%'`.execute(tx);
    await derive(tx, taken, 'all');
  });
  return revision;
}
