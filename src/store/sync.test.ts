import { assert, asyncProperty } from 'fast-check';
import { sql } from 'kysely';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { ENGINES, testDatabase } from '../../test/postgres/database.ts';
import { smallWorld, steps, takeStep } from '../../test/postgres/steps.ts';
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
import { newKeyPair } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { agentState } from '../wire/state.ts';
import { type ToDaemon, toDaemon } from '../wire/sync.ts';
import { revokeCertificate, rotateCertificate } from './certificates.ts';
import { change } from './change.ts';
import type { Db } from './db.ts';
import { pruneChanges } from './prune.ts';
import { pauseRoute, takeRoute } from './routes.ts';
import { deleteSubnet } from './subnets.ts';
import { readAgentState } from './sync-agent.ts';
import { READINGS } from './sync-rows.ts';
import { catchUp, plantsChanged } from './sync.ts';

type Part = Extract<ToDaemon, { type: 'snapshot' | 'delta' }>;

/** What a gateway does with what it is told, as `wire` says it: rows by key, a gone user takes all that is its own along. */
class Replica {
  revision = 0;
  rows = new Map<string, unknown>();

  take(message: Part): void {
    if (message.type === 'snapshot' && message.part === 0) this.rows.clear();
    const { rows } = message;
    const put = (key: string, row: unknown) => this.rows.set(key, row);
    if (message.type === 'delta') {
      if (message.from !== this.revision) throw new Error(`a delta from ${message.from} at ${this.revision}`);
      const { gone } = message;
      for (const user of gone.users) {
        for (const key of this.rows.keys()) if (key.endsWith(`of ${user}`)) this.rows.delete(key);
      }
      for (const no of gone.slots) this.rows.delete(`slot ${no}`);
      for (const no of gone.gateways) this.rows.delete(`gateway ${no}`);
      for (const no of gone.agents) this.rows.delete(`agent ${no}`);
      for (const no of gone.subnets) this.rows.delete(`subnet ${no}`);
      for (const [user, plant] of gone.reach) this.rows.delete(`reach ${plant} of ${user}`);
      for (const [user, subnet] of gone.settings) this.rows.delete(`setting ${subnet} of ${user}`);
    }
    for (const row of rows.slots) put(`slot ${row.slot}`, row);
    for (const row of rows.gateways) put(`gateway ${row.gateway}`, row);
    for (const row of rows.agents) put(`agent ${row.plant}`, row);
    for (const row of rows.subnets) put(`subnet ${row.subnet}`, row);
    for (const row of rows.users) put(`user of ${row.address}`, row);
    for (const row of rows.reach) put(`reach ${row[1]} of ${row[0]}`, row);
    for (const row of rows.settings) put(`setting ${row.subnet} of ${row.user}`, row);
    if (message.last) this.revision = message.type === 'delta' ? message.to : message.revision;
  }

  sorted(): unknown[] {
    return [...this.rows].sort(([a], [b]) => a.localeCompare(b));
  }
}

async function told(db: Db, from: number): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const message of catchUp(db, from, (slot, key) => `for slot ${slot}: ${key.length}`)) {
    const parsed = toDaemon.parse(structuredClone(message));
    if (parsed.type === 'snapshot' || parsed.type === 'delta') parts.push(parsed);
  }
  return parts;
}

async function follow(db: Db, replica: Replica): Promise<Part[]> {
  const parts = await told(db, replica.revision);
  for (const part of parts) replica.take(part);
  return parts;
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a gateway that follows by deltas, at whatever moments, holds what a snapshot holds', async () => {
    let deltas = 0;
    await assert(
      asyncProperty(steps, async (sequence) => {
        await using database = await testDatabase(engine);
        const { db } = database;
        const world = await smallWorld(db);
        for (const { no } of await db.selectFrom('plants').select('no').execute()) {
          const plant = await db.selectFrom('plants').selectAll().where('no', '=', no).executeTakeFirstOrThrow();
          await addSubnet(
            db,
            { ...plant, organizationId: plant.organization_id, portfolioId: plant.portfolio_id },
            '192.168.1.0/24',
          );
        }
        const replica = new Replica();
        await follow(db, replica);
        for (const step of sequence) {
          await takeStep(db, world, step);
          await setSomething(db, step.a);
          // Sometimes several changes are told at once.
          if (step.b % 3 > 0) continue;
          const parts = await follow(db, replica);
          deltas += parts.filter(({ type }) => type === 'delta').length;
          const fresh = new Replica();
          await follow(db, fresh);
          expect(replica.sorted()).toEqual(fresh.sorted());
          expect(replica.revision).toBe(await head(db));
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
    expect(deltas).toBeGreaterThan(20);
  }, 120_000);

  test('of two changes begun in one order and committed in the other nothing is lost: the second waits for the first', async () => {
    await using database = await testDatabase(engine);
    const { db, connection } = database;
    const organization = await addOrganization(db);
    const plant = await addPlant(db, organization);
    const replica = new Replica();
    await follow(db, replica);

    const [first, second] = [new Client(connection), new Client(connection)];
    await Promise.all([first.connect(), second.connect()]);
    const insert = (network: string, range: string) =>
      `insert into subnets (organization_id, plant_id, network, unique_range, pool, since)
       values ('${organization}', '${plant.id}', '${network}', '${range}', 'alias', take_revision())`;
    await first.query('begin');
    await first.query(insert('10.0.0.0/24', '100.96.0.0/24'));
    await second.query('begin');
    const waiting = second.query(insert('10.0.1.0/24', '100.96.1.0/24')).then(() => second.query('commit'));
    // Whatever a gateway asks meanwhile, it is not told a revision beyond one that is still to come.
    await follow(db, replica);
    await expect
      .poll(async () => {
        const { rows } = await first.query(
          `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows[0].n;
      })
      .toBe(1);
    await first.query('commit');
    await follow(db, replica);
    await waiting;
    await follow(db, replica);
    await Promise.all([first.end(), second.end()]);

    expect([...replica.rows.keys()].filter((key) => key.startsWith('subnet'))).toHaveLength(2);
  });

  test('a change made with psql alone reaches the gateways too: no path can forget the revision', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const subnet = await addSubnet(db, plant, '10.1.0.0/16');
    const replica = new Replica();
    await follow(db, replica);
    await db.deleteFrom('subnets').where('id', '=', subnet.id).execute();
    const parts = await follow(db, replica);
    expect(parts).toMatchObject([{ type: 'delta', last: true, gone: { subnets: [subnet.no] } }]);
  });

  test('a revoked certificate is one gone user; its access and settings are not told one by one', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const plant = await addPlant(db, await addOrganization(db));
    const subnet = await addSubnet(db, plant, '10.1.0.0/16');
    const user = await addUser(db);
    await join(db, plant.organizationId, user);
    const { address } = await certify(db, user);
    await grant(db, plant, user);
    await change(db, (tx, revision) => takeRoute(tx, revision, user, subnet.id));
    const from = await head(db);
    await change(db, (tx, revision) => revokeCertificate(tx, revision, user, NOW));
    const parts = await told(db, from);
    expect(parts).toMatchObject([{ last: true, gone: { users: [address], reach: [], settings: [] } }]);
  });

  test('a rotation is one row with the new key: a gateway knows the former one and removes it first (VPN-4)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user, address } = await reaching(db);
    const from = await head(db);
    const keys = [newKeyPair('x25519').publicKey, newKeyPair('x25519').publicKey];
    for (const key of keys) await change(db, (tx, revision) => rotateCertificate(tx, revision, user, key, NOW));
    const [part, ...more] = await told(db, from);
    expect(more).toEqual([]);
    const users = [{ address, slot: 1, publicKey: keys[1] }];
    expect(part).toMatchObject({
      type: 'delta',
      rows: { users, reach: [], settings: [] },
      gone: { users: [], reach: [] },
    });
  });

  test('a certificate revoked and issued anew within one delta is a user that is gone and another with all its access', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user, address, plant } = await reaching(db);
    const replica = new Replica();
    await follow(db, replica);
    await change(db, (tx, revision) => revokeCertificate(tx, revision, user, NOW));
    const again = await certify(db, user);
    const [part] = await follow(db, replica);
    expect(part).toMatchObject({
      type: 'delta',
      rows: { users: [{ address: again.address }], reach: [[again.address, plant.no, expect.any(Number)]] },
      gone: { users: [address] },
    });
    const fresh = new Replica();
    await follow(db, fresh);
    expect(replica.sorted()).toEqual(fresh.sorted());
  });

  test('a subnet deleted and added again within one delta is gone and another, with a range of its own', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { plant } = await reaching(db);
    const from = await head(db);
    const { id, no } = await db.selectFrom('subnets').select(['id', 'no']).executeTakeFirstOrThrow();
    await change(db, (tx) => deleteSubnet(tx, id));
    const again = await addSubnet(db, plant, '192.168.1.0/24');
    const [part] = await told(db, from);
    expect(part).toMatchObject({ rows: { subnets: [{ subnet: again.no, plant: plant.no }] }, gone: { subnets: [no] } });
  });

  test('who has nothing, is behind what is kept, or is ahead of a restored database gets a snapshot', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const organization = await addOrganization(db);
    for (let i = 0; i < 5; i += 1) await addSubnet(db, await addPlant(db, organization), '10.1.0.0/16');
    const now = await head(db);
    const typesFrom = async (from: number) => [...new Set((await told(db, from)).map(({ type }) => type))];
    expect(await typesFrom(0)).toEqual(['snapshot']);
    expect(await typesFrom(now + 10)).toEqual(['snapshot']);
    expect(await typesFrom(now - 3)).toEqual(['delta']);
    expect(await typesFrom(now)).toEqual([]);

    const floor = await pruneChanges(db, 2);
    expect(floor).toBeGreaterThan(now - 3);
    expect(await typesFrom(now - 3)).toEqual(['snapshot']);
    expect(await typesFrom(floor)).toEqual(floor === now ? [] : ['delta']);
  });

  test('what an enrolled gateway still lacks is kept, and an agent that nothing concerned is not left behind', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const organization = await addOrganization(db);
    const [busy, quiet] = [await addPlant(db, organization), await addPlant(db, organization)];
    const gateway = await addGateway(db);
    await addAgent(db, quiet);
    const confirmed = await head(db);
    await db
      .updateTable('gateway_status')
      .set({ applied: confirmed, seen_at: new Date() })
      .where('gateway_no', '=', gateway.number)
      .execute();
    await db.updateTable('agent_status').set({ applied: confirmed }).execute();
    await addSubnet(db, busy, '10.1.0.0/16');

    expect(await pruneChanges(db, 1000)).toBe(confirmed);
    expect((await told(db, confirmed)).map(({ type }) => type)).toEqual(['delta']);
    await db
      .updateTable('gateway_status')
      .set({ applied: await head(db) })
      .execute();
    expect(await pruneChanges(db, 1000)).toBe(await head(db));
    expect(await db.selectFrom('agent_status').select('applied').execute()).toEqual([{ applied: await head(db) }]);
    expect(await db.selectFrom('changes').selectAll().execute()).toEqual([]);
  });

  test('a gateway that was away for weeks is not waited for: it gets a snapshot, before an address can be somebody else’s', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const plant = await addPlant(db, await addOrganization(db));
    const gateway = await addGateway(db);
    const confirmed = await head(db);
    const away = (days: number) =>
      db
        .updateTable('gateway_status')
        .set({ applied: confirmed, seen_at: new Date(Date.now() - days * 24 * 3600 * 1000) })
        .where('gateway_no', '=', gateway.number)
        .execute();
    await away(13);
    await addSubnet(db, plant, '10.1.0.0/16');
    await pruneChanges(db, 1000);
    expect((await told(db, confirmed)).map(({ type }) => type)).toEqual(['delta']);
    await away(15);
    await pruneChanges(db, 1000);
    expect((await told(db, confirmed)).map(({ type }) => type)).toEqual(['snapshot']);
  });

  test.each(['never', 'long ago'])('reading one change goes by an index, with statistics made %s', async (analyzed) => {
    await using database = await testDatabase(engine);
    const { db } = database;
    const { user } = await reaching(db);
    const note = (from: number, to: number) =>
      sql`insert into changes (revision, kind, key, plant_no)
          select n / 10, 'reach', ${user} || ':' || n, n from generate_series(${from}::int, ${to}::int) n`.execute(db);
    await note(1000, 2000);
    if (analyzed === 'long ago') await sql`analyze changes`.execute(db);
    await note(2010, 60_000);
    for (const { changed } of Object.values(READINGS)) {
      const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${changed(5999)}`.execute(db);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Scan (using|on) changes_(pkey|gateway)/);
      expect(plan).not.toContain('Seq Scan on changes');
    }
  });

  test('an agent is told its own plant and nothing of any other (AGT-3)', async () => {
    await using database = await testDatabase(engine);
    const { db } = database;
    await addSlot(db);
    const organization = await addOrganization(db);
    const [own, other] = [await addPlant(db, organization), await addPlant(db, organization)];
    await addSubnet(db, own, '192.168.1.0/24');
    await addSubnet(db, other, '192.168.2.0/24');
    const [inside, outside] = [await addUser(db), await addUser(db)];
    for (const user of [inside, outside]) await join(db, organization, user);
    const { address } = await certify(db, inside);
    await certify(db, outside);
    await grant(db, own, inside);
    await grant(db, other, outside);
    await addAgent(db, own);

    const read = await readAgentState(db, own.no, DEFAULT_POOLS);
    const state = agentState.parse(read?.state);
    expect(state).toMatchObject({ revision: await head(db), plant: own.no, users: [address], gateways: [] });
    expect(state.subnets).toHaveLength(1);
    expect(await readAgentState(db, other.no, DEFAULT_POOLS)).toBeUndefined();

    const before = await head(db);
    await withdraw(db, other, outside);
    expect(await plantsChanged(db, before)).toEqual({ head: before + 1, plants: [other.no] });
  });
});

/** A certified operator of a plant with one subnet. */
async function reaching(db: Db) {
  await addSlot(db);
  const plant = await addPlant(db, await addOrganization(db));
  await addSubnet(db, plant, '192.168.1.0/24');
  const user = await addUser(db);
  await join(db, plant.organizationId, user);
  await grant(db, plant, user);
  const { address } = await certify(db, user);
  return { plant, user, address };
}

/** Pauses or chooses one of the routes there are. */
async function setSomething(db: Db, at: number): Promise<void> {
  const routes = await db
    .selectFrom('reach as r')
    .innerJoin('plants as p', 'p.no', 'r.plant_no')
    .innerJoin('subnets as n', 'n.plant_id', 'p.id')
    .select(['r.user_id', 'n.id'])
    .orderBy('r.user_id')
    .orderBy('n.no')
    .execute();
  const route = routes[at % Math.max(1, routes.length)];
  if (route === undefined) return;
  await change(db, (tx, revision) =>
    at % 2 === 0
      ? takeRoute(tx, revision, route.user_id, route.id)
      : pauseRoute(tx, revision, route.user_id, route.id, NOW),
  );
}
