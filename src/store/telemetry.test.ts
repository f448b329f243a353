import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { addGateway } from '../../test/postgres/world.ts';
import { noteApplied, noteSeen } from './telemetry.ts';

describe.each(ENGINES)('on %s', (engine) => {
  test('who was heard of is noted without waiting for the disk, what was confirmed is not', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const gateway = await addGateway(db);
    await sql`create table commits (mode text)`.execute(db);
    await sql`
      create function note_commit() returns trigger language plpgsql as $$
      begin insert into commits values (current_setting('synchronous_commit')); return null; end $$`.execute(db);
    await sql`create trigger note_commit after update on gateway_status execute function note_commit()`.execute(db);
    await noteSeen(db, 'gateway', [{ number: gateway.number, ageMs: 0 }]);
    await noteApplied(
      db,
      { ...gateway, identityKey: gateway.identity.publicKey, tunnelKey: gateway.tunnel.publicKey },
      0,
      1,
    );
    const { rows } = await sql<{ mode: string }>`select mode from commits`.execute(db);
    expect(rows.map(({ mode }) => mode)).toEqual(['off', 'on']);
  });
});
