/**
 * What the daemons' side of control costs by itself: `node bench/hub.ts [routes]`. One control process on a database of its own, four
 * gateways that only confirm, an agent for every plant; no kernel, no lab. Prints figures for docs/measurements.md ("Sync").
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { realRunner } from '../src/kernel/run.ts';
import type { Deps } from '../src/control/deps.ts';
import { buildApp } from '../src/control/http/app.ts';
import { type Hub, createHub } from '../src/control/sync/hub.ts';
import { toAgent } from '../src/control/sync/outbound.ts';
import { syncRoutes } from '../src/control/sync/routes.ts';
import { startPush } from '../src/control/tasks/push.ts';
import { loadInstallation } from '../src/lab/size/load.ts';
import { systemClock } from '../src/net/clock.ts';
import { signBytes } from '../src/net/keys.ts';
import { DEFAULT_POOLS } from '../src/net/pools.ts';
import { type Db, migrate, openDb } from '../src/store/db.ts';
import { embeddedBinaries, startServer } from '../src/store/embedded.ts';
import { openInstallation } from '../src/store/installation.ts';
import { findDaemon } from '../src/store/telemetry.ts';
import { type Instruction, type Link, connectLink } from '../src/wire/link.ts';
import { helloBytes } from '../src/wire/sync.ts';
import { MASTER_KEY, type TestDaemon, addGateway, addSlot, head } from '../test/postgres/world.ts';

const GATEWAYS = 4;
const PER_SECOND = 100;
const SECONDS = 10;
const MISSED = 100_000;

async function main(routes: number): Promise<void> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'parkway-hub-'));
  started.defer(() => rm(directory, { recursive: true }));
  // The database runs as another user.
  await chmod(directory, 0o711);
  const server = await startServer({
    runner: realRunner(),
    directory: join(directory, 'pg'),
    binaries: embeddedBinaries(),
    log: () => undefined,
  });
  started.defer(() => server.stop());
  const db = openDb(server.connection);
  started.defer(() => db.destroy());
  await migrate(db);
  await addSlot(db);
  const loaded = await loadInstallation(db, { size: routes, seed: 1 });
  const daemons: TestDaemon[] = [];
  for (let n = 0; n < GATEWAYS; n += 1) daemons.push(await addGateway(db));
  const control = await startSync(db, server.connection, started);
  const agents = await addAgents(control.hub, control.deps);
  print('installed', `${loaded.routes} routes, ${loaded.users} users, ${agents} agents`);
  const gateways = daemons.map((daemon) => gateway(control.url, daemon));
  started.defer(async () => {
    for (const { link } of gateways) await link.close();
  });
  const all = (revision: number) => until(() => gateways.every(({ have }) => have() >= revision));
  const bySnapshot = performance.now();
  await all(await head(db));
  print('snapshot to four gateways', `${seconds(bySnapshot)} s, ${memory()}`);
  await checksAndTicks(control.hub);
  await changes(db, gateways);
  await missed(db, control.url, daemons, gateways);
}

async function startSync(
  db: Db,
  connection: Parameters<typeof startPush>[2],
  started: AsyncDisposableStack,
): Promise<{ deps: Deps; hub: Hub; url: string }> {
  const installation = await openInstallation(db, MASTER_KEY);
  const own = openDb(connection);
  started.defer(() => own.destroy());
  const deps: Deps = {
    db: own,
    clock: systemClock,
    pools: DEFAULT_POOLS,
    log: pino({ level: 'silent' }),
    masterKey: MASTER_KEY,
    installation,
    publicUrl: 'http://control.test',
  };
  const hub = createHub(deps);
  const app = await buildApp(deps);
  await syncRoutes(app, deps, hub);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await hub.check();
  const push = startPush(deps, hub, connection);
  started.defer(async () => {
    await push.stop();
    hub.close();
    await app.close();
  });
  return { deps, hub, url };
}

/** An agent for every plant that has one, without a connection: what it is told goes nowhere. */
async function addAgents(hub: Hub, deps: Deps): Promise<number> {
  const ids = (await deps.db.selectFrom('agents').select('id').execute()).map(({ id }) => id);
  for (const id of ids) {
    const daemon = await findDaemon(deps.db, 'agent', id);
    if (daemon === undefined) throw new Error('not enrolled');
    const channel = {
      send: async () => undefined,
      sendingSince: () => undefined,
      refuse: () => undefined,
      isOpen: () => true,
    };
    const outbound = toAgent(deps, daemon, 0, channel);
    hub.add({
      daemon,
      ...outbound,
      push: () => outbound.push().catch(() => undefined),
      heardAt: () => systemClock.now(),
      sendingSince: channel.sendingSince,
      refuse: channel.refuse,
      terminate: () => undefined,
    });
  }
  return ids.length;
}

interface Gateway {
  readonly link: Link;
  readonly have: () => number;
  /** When it had which revision. */
  readonly seen: { readonly at: number; readonly revision: number }[];
}

function gateway(url: string, { id, identity }: TestDaemon, from = 0): Gateway {
  let have = from;
  const seen: { at: number; revision: number }[] = [];
  const take = (message: Instruction): void => {
    if ((message.type !== 'delta' && message.type !== 'snapshot') || !message.last) return;
    have = message.type === 'delta' ? message.to : message.revision;
    seen.push({ at: performance.now(), revision: have });
    link.send({ type: 'ack', revision: have });
  };
  const link = connectLink({
    url,
    hello: (nonce) => ({
      type: 'hello',
      kind: 'gateway',
      id,
      signature: signBytes(identity.privateKey, helloBytes('gateway', id, nonce)),
      have,
      clock: Date.now(),
    }),
    onMessage: take,
    onState: () => undefined,
  });
  return { link, have: () => have, seen };
}

async function checksAndTicks(hub: Hub): Promise<void> {
  const check = performance.now();
  for (let n = 0; n < 100; n += 1) await hub.check();
  print('a check with nothing to do', `${((performance.now() - check) / 100).toFixed(2)} ms`);
  const tick = performance.now();
  for (let n = 0; n < 10; n += 1) await hub.tick();
  print('a tick', `${((performance.now() - tick) / 10).toFixed(1)} ms`);
}

/** Changes of one pair each, at a steady rate: when has the last gateway the delta? */
async function changes(db: Db, gateways: readonly Gateway[]): Promise<void> {
  const { rows } = await sql<{
    user: string;
    plant: number;
  }>`select user_id as user, plant_no as plant from reach limit ${PER_SECOND * SECONDS}`.execute(db);
  const made: { at: number; revision: number }[] = [];
  const begin = performance.now();
  const cpu = process.cpuUsage();
  for (const [n, { user, plant }] of rows.entries()) {
    await delay(Math.max(0, begin + (n * 1000) / PER_SECOND - performance.now()));
    const { rows: taken } = await sql<{ revision: number }>`
      update reach set since = take_revision() where user_id = ${user} and plant_no = ${plant} returning since as revision`.execute(
      db,
    );
    made.push({ at: performance.now(), revision: taken[0]?.revision ?? 0 });
  }
  const took = performance.now() - begin;
  const last = made.at(-1)?.revision ?? 0;
  await until(() => gateways.every(({ have }) => have() >= last));
  const { user, system } = process.cpuUsage(cpu);
  const latencies = made
    .map(({ at, revision }) =>
      Math.max(...gateways.map(({ seen }) => (seen.find((each) => each.revision >= revision)?.at ?? Infinity) - at), 0),
    )
    .sort((a, b) => a - b);
  const at = (part: number) => `${(latencies[Math.floor(latencies.length * part)] ?? NaN).toFixed(1)} ms`;
  print(
    'change to delta at the last of four',
    `p50 ${at(0.5)}, p99 ${at(0.99)}, ${((made.length * 1000) / took).toFixed(0)} changes/s, ${((user + system) / took / 10).toFixed(0)} % of a core`,
  );
}

/** All gateways are away for many changes, and come back at once. */
async function missed(
  db: Db,
  url: string,
  daemons: readonly TestDaemon[],
  gateways: readonly Gateway[],
): Promise<void> {
  for (const { link } of gateways) await link.close();
  const from = await head(db);
  await sql`update reach set since = take_revision() where (user_id, plant_no) in (select user_id, plant_no from reach limit ${MISSED})`.execute(
    db,
  );
  const to = await head(db);
  const begin = performance.now();
  const back = daemons.map((daemon) => gateway(url, daemon, from));
  await until(() => back.every(({ have }) => have() >= to));
  print('catching up, four gateways', `${seconds(begin)} s, ${memory()}`);
  for (const { link } of back) await link.close();
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(1);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(2);
}

function memory(): string {
  return `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`;
}

function print(what: string, figure: string): void {
  process.stdout.write(`${what}: ${figure}\n`);
}

await main(Number(process.argv[2] ?? 10_000));
