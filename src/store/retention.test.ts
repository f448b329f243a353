import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { NOW, addOrganization, addPlant, addUser } from '../../test/postgres/world.ts';
import type { Db } from './db.ts';
import { RETENTION, deletePieces, forgetOld } from './retention.ts';

describe.each(ENGINES)('on %s', (engine) => {
  test('what is older than it is kept goes, the rest stays, however many pieces it takes', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await fill(db);
    expect(await forgetOld(db, NOW, 3)).toBe(10 * RETENTION.length);
    for (const { table, column, days } of RETENTION) {
      const { rows } = await sql<{ count: number; oldest: Date }>`
        select count(*) as count, min(${sql.ref(column)}) as oldest from ${sql.table(table)}`.execute(db);
      expect(rows[0]?.count).toBe(10);
      expect(rows[0]?.oldest.getTime()).toBeGreaterThan(NOW.getTime() - days * 24 * 3600 * 1000);
    }
    expect(await forgetOld(db, NOW, 3)).toBe(0);
  });

  test('a piece goes by the index of its column, though the table be large and without statistics', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await sql`
      insert into changes (revision, kind, key) select n / 10, 'user', n::text from generate_series(10, 50000) n`.execute(
      db,
    );
    const { rows } = await sql<{ 'QUERY PLAN': string }>`
      explain select ctid from changes where revision <= 4000 order by revision limit 1000`.execute(db);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using changes_pkey');
    expect(await deletePieces(db, { table: 'changes', column: 'revision', upTo: sql`4000::bigint` }, 7000)).toBe(
      40_000,
    );
    expect(await db.selectFrom('changes').select('revision').orderBy('revision').limit(1).execute()).toEqual([
      { revision: 4001 },
    ]);
  });
});

/** Ten rows per table on either side of the time they are kept, an hour apart at least. */
async function fill(db: Db): Promise<void> {
  const user = await addUser(db);
  const users = await Promise.all(Array.from({ length: 20 }, () => addUser(db)));
  const plant = await addPlant(db, await addOrganization(db));
  const [gateway] = (
    await sql<{ no: number }>`
      with region as (insert into regions (name) values ('north') returning id)
      insert into gateways (region_id, name, address) select id, 'one', '100.80.0.1' from region returning no`.execute(
      db,
    )
  ).rows;
  for (const { table, column, days } of RETENTION) {
    const values = {
      corrections: sql`select t, 'reach-added', '{}'::jsonb`,
      limit_hits: sql`select t, ${gateway?.no}::int, ${user}::uuid, 1`,
      enrollment_tokens: sql`select t, ${plant.id}::uuid, sha256(n::text::bytea), t + interval '1 day'`,
      idempotency_keys: sql`select t, ${user}::uuid, n::text, 'x'::bytea`,
      sessions: sql`select t, ${user}::uuid, sha256(n::text::bytea)`,
      sign_in_challenges: sql`select t, ${user}::uuid, sha256(n::text::bytea)`,
      second_factor_setups: sql`select t, (${users}::uuid[])[n + 1], 'x'`,
      password_resets: sql`select t, (${users}::uuid[])[n + 1], sha256(n::text::bytea)`,
      familiar: sql`select t, ${user}::uuid, sha256(n::text::bytea)`,
      account_events: sql`select t, ${user}::uuid, 'password-changed'`,
    }[table];
    const columns = {
      corrections: 'kind, detail',
      limit_hits: 'gateway_no, user_id, packets',
      enrollment_tokens: 'plant_id, token_hash, expires_at',
      idempotency_keys: 'user_id, key, request_hash',
      sessions: 'user_id, token_hash',
      sign_in_challenges: 'user_id, token_hash',
      second_factor_setups: 'user_id, sealed_secret',
      password_resets: 'user_id, token_hash',
      familiar: 'user_id, key',
      account_events: 'user_id, kind',
    }[table];
    await sql`
      insert into ${sql.table(table)} (${sql.ref(column)}, ${sql.raw(columns)})
      ${values} from generate_series(0, 19) n,
        lateral (select ${NOW}::timestamptz - ${days} * interval '1 day' + (n - 9.5) * interval '1 hour' as t) x`.execute(
      db,
    );
  }
}
