import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../../../test/postgres/database.ts';
import { addAgent, addGateway, addOrganization, addPlant, addSubnet } from '../../../test/postgres/world.ts';
import { systemClock } from '../../net/clock.ts';
import { type Daemon, findDaemon } from '../../store/telemetry.ts';
import type { Db } from '../../store/db.ts';
import type { Enrolled } from '../../store/enrollment.ts';
import { type Session, createHub } from './hub.ts';

async function daemonOf(db: Db, { kind, id }: Enrolled): Promise<Daemon> {
  const daemon = await findDaemon(db, kind, id);
  if (daemon === undefined) throw new Error('not enrolled');
  return daemon;
}

/** A session that counts what is asked of it. */
function fakeSession(daemon: Daemon, over: Partial<Session> = {}): Session & { pushes: number; isTerminated: boolean } {
  const session = {
    daemon,
    pushes: 0,
    isTerminated: false,
    heardAt: () => systemClock.now(),
    sendingSince: () => undefined,
    told: () => 1_000_000,
    push: async () => void (session.pushes += 1),
    refuse: () => undefined,
    terminate: () => void (session.isTerminated = true),
    ...over,
  };
  return session;
}

test('a change is told to an agent that came with a revision beyond the database’s, while its first state is on the way', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  const plant = await addPlant(db, await addOrganization(db));
  const session = fakeSession(await daemonOf(db, await addAgent(db, plant)));
  const hub = createHub({ db, clock: systemClock });
  await hub.check();
  hub.add(session);
  await addSubnet(db, plant, '10.1.0.0/16');
  await hub.check();
  expect(session.pushes).toBe(1);
});

test('a change of one plant is told to its agent and to every gateway, and to no other agent', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  const organization = await addOrganization(db);
  const plants = [await addPlant(db, organization), await addPlant(db, organization)];
  const gateway = fakeSession(await daemonOf(db, await addGateway(db)), { told: () => 0 });
  const [concerned, other] = await Promise.all(
    plants.map(async (plant) => fakeSession(await daemonOf(db, await addAgent(db, plant)))),
  );
  const hub = createHub({ db, clock: systemClock });
  await hub.check();
  for (const session of [gateway, concerned, other]) if (session !== undefined) hub.add(session);
  const [plant] = plants;
  if (plant !== undefined) await addSubnet(db, plant, '10.1.0.0/16');
  await hub.check();
  expect([gateway.pushes, concerned?.pushes, other?.pushes]).toEqual([1, 1, 0]);
});

test('who is silent for 10 s, or reads nothing for a minute, is let go of; who is slow is not', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  const gateways = [await addGateway(db), await addGateway(db), await addGateway(db)];
  const [silent, stalled, slow] = await Promise.all(gateways.map((gateway) => daemonOf(db, gateway)));
  if (silent === undefined || stalled === undefined || slow === undefined) throw new Error('not enrolled');
  let now = 0;
  const hub = createHub({ db, clock: { now: () => now } });
  const heardAt = () => now;
  const sessions = [
    fakeSession(silent, { heardAt: () => 0 }),
    fakeSession(stalled, { heardAt, sendingSince: () => 0 }),
    fakeSession(slow, { heardAt, sendingSince: () => now - 59_000 }),
  ];
  for (const session of sessions) hub.add(session);
  const gone = async (at: number) => {
    now = at;
    await hub.tick();
    return sessions.map(({ isTerminated }) => isTerminated);
  };
  expect(await gone(10_000)).toEqual([false, false, false]);
  expect(await gone(10_001)).toEqual([true, false, false]);
  expect(await gone(60_000)).toEqual([true, false, false]);
  expect(await gone(60_001)).toEqual([true, true, false]);
});

test('of the agents half are written down each second, of the gateways all; none that speaks each second is ever near to count as dead', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  const organization = await addOrganization(db);
  const daemons = [await daemonOf(db, await addGateway(db))];
  for (let n = 0; n < 6; n += 1) {
    daemons.push(await daemonOf(db, await addAgent(db, await addPlant(db, organization))));
  }
  await sql`create table writes (kind text, number int)`.execute(db);
  await sql`create function note_write() returns trigger language plpgsql as $$
    begin insert into writes select tg_argv[0], n from unnest(array[(to_jsonb(new)->>tg_argv[1])::int]) n; return null; end $$`.execute(
    db,
  );
  for (const [kind, column] of [
    ['gateway', 'gateway_no'],
    ['agent', 'plant_no'],
  ] as const) {
    await sql`create trigger note_write after update on ${sql.table(`${kind}_status`)} for each row
      execute function note_write(${sql.lit(kind)}, ${sql.lit(column)})`.execute(db);
  }
  let now = 0;
  const hub = createHub({ db, clock: { now: () => now } });
  // Each speaks once a second, at a moment of its own.
  const sessions = daemons.map((daemon, n) => {
    const offset = n * 150;
    return fakeSession(daemon, { heardAt: () => Math.max(0, Math.floor((now - offset) / 1000) * 1000 + offset) });
  });
  for (const session of sessions) hub.add(session);
  const tickAt = async (at: number) => {
    now = at;
    await hub.tick();
    const { rows } = await sql<{ kind: string; number: number }>`delete from writes returning kind, number`.execute(db);
    return rows;
  };
  const age = new Map(daemons.map((daemon) => [daemon, 0]));
  for (let at = 1000; at <= 10_000; at += 1000) {
    const oldest = Math.max(...age.values().map((seen) => at - seen));
    expect(oldest).toBeLessThanOrEqual(3000);
    const rows = await tickAt(at);
    expect(rows.filter(({ kind }) => kind === 'gateway')).toHaveLength(1);
    expect(rows.filter(({ kind }) => kind === 'agent')).toHaveLength(3);
    for (const [n, daemon] of daemons.entries()) {
      if (rows.some(({ kind, number }) => kind === daemon.kind && number === daemon.number))
        age.set(daemon, sessions[n]?.heardAt() ?? 0);
    }
  }
  // A tick that comes late finds some too old to wait for their turn.
  expect((await tickAt(11_900)).filter(({ kind }) => kind === 'agent').length).toBeGreaterThan(3);
  // The turn of the rest; then nobody has said anything since.
  await tickAt(11_901);
  expect([await tickAt(11_902), await tickAt(11_903)]).toEqual([[], []]);
});
