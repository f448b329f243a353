import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { Deps } from '../../src/control/deps.ts';
import { buildApp } from '../../src/control/http/app.ts';
import { type Hub, createHub } from '../../src/control/sync/hub.ts';
import { syncRoutes } from '../../src/control/sync/routes.ts';
import { startPush } from '../../src/control/tasks/push.ts';
import { systemClock } from '../../src/net/clock.ts';
import { signBytes } from '../../src/net/keys.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import { openInstallation } from '../../src/store/installation.ts';
import { type FromDaemonJson, SYNC_PATH, type ToDaemon, helloBytes, toDaemon } from '../../src/wire/sync.ts';
import { type Engine, type TestDatabase, testDatabase } from '../postgres/database.ts';
import { MASTER_KEY, type TestDaemon } from '../postgres/world.ts';

/** A control process that listens, without the rest of it: the daemons' connections and the push. */
export interface TestSync extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly deps: Deps;
  readonly hub: Hub;
  readonly url: string;
  /** How long a daemon may let a message wait; a test may set another. */
  readonly limits: { stalledMs: number };
  /** Its ends of the connections that are open, in the order in which they were opened. */
  readonly sockets: () => WebSocket[];
}

/** Starts control on a database of the test's own, or as another process on one that is there. */
export async function testSync(engine: Engine, shared?: TestDatabase): Promise<TestSync> {
  const database = shared ?? (await testDatabase(engine));
  const { db, connection } = database;
  const deps: Deps = {
    db,
    clock: systemClock,
    pools: DEFAULT_POOLS,
    log: pino({ level: 'silent' }),
    masterKey: MASTER_KEY,
    installation: await openInstallation(db, MASTER_KEY),
    publicUrl: 'http://control.test',
  };
  const limits = { stalledMs: 60_000 };
  const hub = createHub(deps, limits);
  const app = await buildApp(deps);
  await syncRoutes(app, deps, hub);
  const listening = await app.listen({ host: '127.0.0.1', port: 0 });
  const push = startPush(deps, hub, connection);
  // The first check concerns everybody; a test is about what comes after it.
  await hub.check();
  return {
    database,
    deps,
    hub,
    limits,
    sockets: () => [...app.websocketServer.clients],
    url: new URL(SYNC_PATH, listening.replace('http:', 'ws:')).href,
    [Symbol.asyncDispose]: async () => {
      await push.stop();
      hub.close();
      await app.close();
      if (shared === undefined) await database[Symbol.asyncDispose]();
    },
  };
}

/** A daemon's end of the connection, which says just what the test has it say. */
export interface TestPeer extends Disposable {
  readonly socket: WebSocket;
  /** What was said so far, the challenge included. */
  readonly heard: readonly ToDaemon[];
  /** Waits for the next message that was not taken yet. */
  next(): Promise<ToDaemon>;
  say(message: FromDaemonJson): void;
  /** Resolves with the closing code. */
  readonly closed: Promise<number>;
}

/** Connects without a hello. */
export async function dial({ url }: Pick<TestSync, 'url'>): Promise<TestPeer> {
  const socket = new WebSocket(url);
  const heard: ToDaemon[] = [];
  let taken = 0;
  socket.on('message', (data: Buffer) => heard.push(toDaemon.parse(JSON.parse(data.toString()))));
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return {
    socket,
    heard,
    closed,
    next: async () => {
      for (const end = Date.now() + 10_000; Date.now() < end; await delay(2)) {
        const message = heard[taken];
        if (message === undefined) continue;
        taken += 1;
        return message;
      }
      throw new Error('control says nothing');
    },
    say: (message) => socket.send(JSON.stringify(message)),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** Connects and says hello. The challenge is taken. */
export async function connect(sync: TestSync, daemon: TestDaemon, have = 0): Promise<TestPeer> {
  const peer = await dial(sync);
  peer.say(await helloOf(peer, daemon, have));
  return peer;
}

/** The hello of a daemon to the challenge of a connection. */
export async function helloOf(peer: TestPeer, daemon: TestDaemon, have = 0): Promise<FromDaemonJson> {
  const challenge = await peer.next();
  if (challenge.type !== 'challenge') throw new Error(`control opened with ${challenge.type}`);
  const bytes = helloBytes(daemon.kind, daemon.id, challenge.nonce);
  const signature = signBytes(daemon.identity.privateKey, bytes);
  return { type: 'hello', kind: daemon.kind, id: daemon.id, signature, have, clock: Date.now() };
}
