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
