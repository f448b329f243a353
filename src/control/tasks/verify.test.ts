import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENGINES, testDatabase } from '../../../test/postgres/database.ts';
import {
  addOrganization,
  addPlant,
  addSlot,
  addUser,
  certify,
  grant,
  head,
  join,
  reachOf,
} from '../../../test/postgres/world.ts';
import { startVerification } from './verify.ts';

afterEach(() => vi.useRealTimers());

describe.each(ENGINES)('on %s', (engine) => {
  test('access that drifted past all triggers is put right at the next full five minutes, and recorded (VPN-6)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const organization = await addOrganization(db);
    const plant = await addPlant(db, organization);
    const user = await addUser(db);
    await join(db, organization, user);
    await certify(db, user);
    await grant(db, plant, user);
    const before = await head(db);
    await db.connection().execute(async (connection) => {
      await sql`set session_replication_role = replica`.execute(connection);
      await sql`delete from reach`.execute(connection);
      await sql`set session_replication_role = origin`.execute(connection);
    });
    expect(await head(db)).toBe(before);

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: new Date('2026-11-20T12:04:58Z') });
    const verification = startVerification({ db, log: pino({ level: 'silent' }) });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await head(db)).toBe(before);
    await vi.advanceTimersByTimeAsync(2000);
    vi.useRealTimers();
    await expect.poll(() => reachOf(db)).toEqual([`${user} ${plant.no}`]);
    verification.stop();
    expect(await db.selectFrom('corrections').select(['revision', 'kind']).execute()).toEqual([
      { revision: before + 1, kind: 'reach-added' },
    ]);
  });
});
