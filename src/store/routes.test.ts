import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import {
  NOW,
  addAgent,
  addGateway,
  addOrganization,
  addPlant,
  addSlot,
  addSubnet,
  addUser,
  certify,
  grant,
  head,
  join,
  withdraw,
} from '../../test/postgres/world.ts';
import { formatCidr } from '../net/cidr.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { change } from './change.ts';
import type { Db } from './db.ts';
import { readConfirmation } from './revisions.ts';
import { listRoutes, pauseRoute, resumeRoute, takeRoute } from './routes.ts';
import { findDaemon, noteApplied, notePaths } from './telemetry.ts';

/** Two plants on one range, their agents and a gateway alive with all paths up, and a user who reaches the first. */
async function live(db: Db) {
  await addSlot(db);
  const organization = await addOrganization(db);
  const [first, second] = [await addPlant(db, organization), await addPlant(db, organization)];
  const [one, two] = [await addSubnet(db, first, '192.168.1.0/24'), await addSubnet(db, second, '192.168.1.0/24')];
  const gateway = await addGateway(db);
  const agents = [await addAgent(db, first), await addAgent(db, second)];
  const user = await addUser(db);
  await join(db, organization, user);
  await certify(db, user);
  await grant(db, first, user);
  await notePaths(db, gateway.number, { full: true, up: [first.no, second.no], down: [] });
  const confirm = async () => {
    for (const { kind, id } of [gateway, ...agents]) {
      const daemon = await findDaemon(db, kind, id);
      if (daemon !== undefined) await noteApplied(db, daemon, 0, await head(db));
    }
  };
  await confirm();
  const statuses = async () =>
    Object.fromEntries((await listRoutes(db, user, DEFAULT_POOLS)).map(({ subnetId, status }) => [subnetId, status]));
  return { first, second, one, two, gateway, agents, user, confirm, statuses };
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a route is active when a live gateway and the agent confirmed it and the path is up, else unreachable (VPN-12)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { first, one, user, gateway, confirm, statuses } = await live(db);
    expect(await statuses()).toEqual({ [one.id]: 'active' });

    await notePaths(db, gateway.number, { full: false, up: [], down: [first.no] });
    expect(await statuses()).toEqual({ [one.id]: 'unreachable' });
    await notePaths(db, gateway.number, { full: false, up: [first.no], down: [] });
    const silence = (table: 'gateway_status' | 'agent_status') =>
      db
        .updateTable(table)
        .set({ seen_at: new Date(Date.now() - 5000) })
        .execute();
    await silence('gateway_status');
    expect(await statuses()).toEqual({ [one.id]: 'unreachable' });
    await confirm();
    // An agent that does not reach control, but whose tunnel carries probes, passes packets.
    await silence('agent_status');
    expect(await statuses()).toEqual({ [one.id]: 'active' });
    await notePaths(db, gateway.number, { full: false, up: [], down: [first.no] });
    expect((await listRoutes(db, user, DEFAULT_POOLS)).map(({ reason }) => reason)).toEqual([
      expect.stringContaining('it is not connected'),
    ]);
    await notePaths(db, gateway.number, { full: false, up: [first.no], down: [] });
    for (const table of ['gateway_status', 'agent_status'] as const) {
      await db.updateTable(table).set({ applied: 1 }).execute();
      expect(await statuses()).toEqual({ [one.id]: 'unreachable' });
      await confirm();
      expect(await statuses()).toEqual({ [one.id]: 'active' });
    }
  });

  test('who had the range first keeps it; "use this park" moves it and back; both have their alias (VPN-9, VPN-10)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { first, second, one, two, user, confirm, statuses } = await live(db);
    await grant(db, second, user);
    await confirm();
    expect(await statuses()).toEqual({ [one.id]: 'active', [two.id]: 'conflict' });
    const routes = await listRoutes(db, user, DEFAULT_POOLS);
    expect(routes.map(({ alias }) => alias && formatCidr(alias))).toEqual(['100.96.0.0/24', '100.96.1.0/24']);
    for (const { contested, subnetId } of routes) {
      expect(contested).toMatchObject([{ owner: { id: first.id }, mine: subnetId === one.id }]);
    }
    const use = (id: string) => change(db, (tx, revision) => takeRoute(tx, revision, user, id));
    await use(two.id);
    await confirm();
    expect(await statuses()).toEqual({ [one.id]: 'conflict', [two.id]: 'active' });
    await use(one.id);
    await confirm();
    expect(await statuses()).toEqual({ [one.id]: 'active', [two.id]: 'conflict' });
    await withdraw(db, first, user);
    await confirm();
    expect(await statuses()).toEqual({ [two.id]: 'active' });
  });

  test('a reason says what is lost, and why there is no alias, so that it never advises what cannot be done (VPN-10, VPN-12)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { first, second, user, confirm } = await live(db);
    await grant(db, second, user);
    const wide = await addSubnet(db, first, '10.16.0.0/12');
    const inside = await addSubnet(db, second, '10.17.0.0/16');
    await db.updateTable('organizations').set({ alias_quota: 0 }).execute();
    const small = await addSubnet(db, second, '10.20.30.0/24');
    await confirm();
    const reasons = async () =>
      Object.fromEntries((await listRoutes(db, user, DEFAULT_POOLS)).map(({ subnetId, reason }) => [subnetId, reason]));
    const before = await reasons();
    expect(before[inside.id]).toMatch(/Use this park.*A subnet wider than \/20 has no alias/);
    expect(before[small.id]).toMatch(/Use this park.*no alias.*quota/);
    expect(before[inside.id]).not.toContain('use the alias');
    await change(db, (tx, revision) => takeRoute(tx, revision, user, inside.id));
    await confirm();
    const { name } = await db.selectFrom('plants').select('name').where('no', '=', second.no).executeTakeFirstOrThrow();
    expect((await reasons())[wide.id]).toBe(`Packets pass, but for 10.17.0.0/16, which ${name} owns.`);
  });

  test('pause and resume are changes of their own, and a paused owner keeps its range (VPN-11)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { second, one, two, user, confirm, statuses } = await live(db);
    await grant(db, second, user);
    const { revision } = await change(db, (tx, taken) => pauseRoute(tx, taken, user, one.id, NOW));
    expect(await statuses()).toEqual({ [one.id]: 'paused', [two.id]: 'conflict' });
    expect(await db.selectFrom('changes').select(['kind', 'key']).where('revision', '=', revision).execute()).toEqual([
      { kind: 'setting', key: `${user}:${one.no}` },
    ]);
    await change(db, (tx, taken) => resumeRoute(tx, taken, user, one.id));
    expect(await statuses()).toMatchObject({ [one.id]: 'unreachable' });
    await confirm();
    expect(await statuses()).toEqual({ [one.id]: 'active', [two.id]: 'conflict' });
  });

  test('a route that is not one’s own is answered like one that does not exist', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { two, user } = await live(db);
    for (const id of [two.id, crypto.randomUUID()]) {
      await expect(change(db, (tx, revision) => takeRoute(tx, revision, user, id))).rejects.toMatchObject({
        code: 'route-not-yours',
      });
    }
  });

  test('a withdrawal says who has not confirmed it: gateways all, agents only where it concerns their plant', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { first, user, confirm } = await live(db);
    const administrator = await addUser(db);
    await join(db, first.organizationId, administrator, 'administrator');
    await confirm();
    const revision = await withdraw(db, first, user);
    // Who may not see the plant is not told its name, but that somebody is still to confirm.
    expect(await readConfirmation(db, user, revision)).toMatchObject({ confirmed: false, agents: [] });
    const confirmation = await readConfirmation(db, administrator, revision);
    expect(confirmation).toMatchObject({ confirmed: false, gateways: [{ confirmed: false }] });
    const { name } = await db.selectFrom('plants').select('name').where('no', '=', first.no).executeTakeFirstOrThrow();
    expect(confirmation?.agents.map((agent) => agent.name)).toEqual([name]);
    expect(confirmation?.gateways).toHaveLength(1);
    await confirm();
    expect(await readConfirmation(db, administrator, revision)).toMatchObject({ confirmed: true, agents: [] });
    expect(await readConfirmation(db, user, revision + 1)).toBeUndefined();
  });
});
