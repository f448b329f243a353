import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Instruction, type Link, backoff, connectLink } from './link.ts';
import { unpack } from './packing.ts';
import { type FromDaemon, type FromDaemonJson, MAX_MESSAGE, SYNC_PATH, fromDaemon } from './sync.ts';

vi.mock('./packing.ts', async (original) => {
  const actual = await original<typeof import('./packing.ts')>();
  return { ...actual, unpack: vi.fn<typeof actual.unpack>(actual.unpack) };
});

const ID = '7e1c3d4e-2f38-4c5d-9a63-1f0c6b1f2a3b';
const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Connected {
  readonly socket: WebSocket;
  /** What the daemon has said on this connection. */
  readonly said: FromDaemon[];
}

interface Control {
  readonly url: string;
  /** The next connection that was opened, after it was challenged. */
  connection(): Promise<Connected>;
}

/** A control that challenges with `n1`, `n2`, … and otherwise does what the test tells it. */
async function startControl(options: { autoPong?: boolean } = {}): Promise<Control> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: SYNC_PATH, ...options });
  await once(server, 'listening');
  const waiting: Connected[] = [];
  let count = 0;
  server.on('connection', (socket) => {
    const said: FromDaemon[] = [];
    socket.on('message', (data: Buffer) => said.push(fromDaemon.parse(JSON.parse(data.toString()))));
    socket.send(JSON.stringify({ type: 'challenge', nonce: `n${++count}` }));
    waiting.push({ socket, said });
  });
  closing.push(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    connection: () =>
      vi.waitFor(
        () => {
          const next = waiting.shift();
          if (next === undefined) throw new Error('no connection');
          return next;
        },
        { timeout: 5000, interval: 10 },
      ),
  };
}

interface Daemon {
  readonly link: Link;
  readonly got: Instruction[];
  readonly states: { connected: boolean; reason: string | undefined }[];
  state(): boolean | undefined;
}

type Handler = (message: Instruction, hasMore: boolean) => void | Promise<void>;

function startDaemon(url: string, onMessage: Handler = () => {}): Daemon {
  const got: Instruction[] = [];
  const states: Daemon['states'] = [];
  const link = connectLink({
    url,
    hello: (nonce): FromDaemonJson => ({ type: 'hello', kind: 'agent', id: ID, signature: nonce, have: 7, clock: 1 }),
    onMessage: (message, hasMore) => {
      got.push(message);
      return onMessage(message, hasMore);
    },
    onState: (connected, reason) => states.push({ connected, reason }),
  });
  closing.push(() => link.close());
  return { link, got, states, state: () => states.at(-1)?.connected };
}

function state(n: number): string {
  return JSON.stringify({ type: 'agent-state', state: String(n), signature: 's' });
}

const until = (check: () => void, timeout = 5000) => vi.waitFor(check, { timeout, interval: 10 });
const numberOf = (message: Instruction) => (message.type === 'agent-state' ? Number(message.state) : -1);
const numbers = (daemon: Daemon) => daemon.got.map(numberOf);

test('a handler is told whether more has come behind its message', async () => {
  const control = await startControl();
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const more: boolean[] = [];
  startDaemon(control.url, async (_, hasMore) => {
    more.push(hasMore);
    await held;
  });
  const { socket } = await control.connection();
  socket.send(state(1));
  await until(() => expect(more).toEqual([false]));
  const came = new Promise((pong) => socket.once('pong', pong));
  socket.send(state(2));
  socket.send(state(3));
  // What was sent before a ping has come when it is answered.
  socket.ping();
  await came;
  resolve();
  await until(() => expect(more).toEqual([false, true, false]));
});

test('answers the challenge and is connected from then on', async () => {
  const control = await startControl();
  const daemon = startDaemon(control.url);
  expect(daemon.link.send({ type: 'ack', revision: 1 })).toBe(false);
  const { said } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  expect(daemon.link.send({ type: 'ack', revision: 9 })).toBe(true);
  await until(() =>
    expect(said).toEqual([
      { type: 'hello', kind: 'agent', id: ID, signature: 'n1', have: 7, clock: 1 },
      { type: 'ack', revision: 9 },
    ]),
  );
});

test('handles messages one at a time and in order, however long each takes', async () => {
  const control = await startControl();
  let running = 0;
  const finished: number[] = [];
  const daemon = startDaemon(control.url, async (message) => {
    expect(++running).toBe(1);
    const n = numberOf(message);
    await new Promise((resolve) => setTimeout(resolve, n % 2 === 0 ? 5 : 0));
    running--;
    finished.push(n);
  });
  const { socket } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  for (let n = 0; n < 20; n++) socket.send(state(n));
  await until(() => expect(finished).toEqual(Array.from({ length: 20 }, (_, n) => n)));
});

test('connects again after control went, with a new hello, and forgets what the lost connection left unhandled', async () => {
  const control = await startControl();
  const first: { go?: () => void } = {};
  const daemon = startDaemon(control.url, (message) =>
    numberOf(message) === 1 ? new Promise<void>((resolve) => (first.go = resolve)) : undefined,
  );
  const { socket } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  for (const n of [1, 2, 3]) socket.send(state(n));
  await until(() => expect(numbers(daemon)).toEqual([1]));
  socket.terminate();
  await until(() => expect(daemon.state()).toBe(false));
  const { socket: again, said } = await control.connection();
  await until(() => expect(said).toMatchObject([{ type: 'hello', signature: 'n2' }]));
  again.send(state(4));
  first.go?.();
  await until(() => expect(numbers(daemon)).toEqual([1, 4]));
});

test('a message that is still being unpacked when its connection ends is not handled any more', async () => {
  const control = await startControl();
  const daemon = startDaemon(control.url);
  const { socket } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  const [begun, unpacked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  vi.mocked(unpack).mockImplementationOnce(async (data) => {
    begun.resolve();
    await unpacked.promise;
    return data.toString('utf8');
  });
  socket.send(state(1));
  await begun.promise;
  socket.terminate();
  await until(() => expect(daemon.state()).toBe(false));
  const { socket: again } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  again.send(state(2));
  unpacked.resolve();
  await until(() => expect(numbers(daemon)).toContain(2));
  expect(numbers(daemon)).toEqual([2]);
});

test('a handler that fails ends the connection and the next one starts anew', async () => {
  const control = await startControl();
  const daemon = startDaemon(control.url, (message) => {
    if (numberOf(message) === 1) throw new Error('disk full');
  });
  const { socket } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  socket.send(state(1));
  socket.send(state(2));
  const { socket: again } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  again.send(state(3));
  await until(() => expect(numbers(daemon)).toEqual([1, 3]));
  expect(daemon.states.find((s) => !s.connected)?.reason).toContain('disk full');
});

test.each([
  ['text that is no message', 'nonsense'],
  ['a message of an unknown type', '{"type":"reboot"}'],
  ['bytes', Buffer.from(state(1))],
  ['an oversized message', JSON.stringify({ type: 'agent-state', state: 'x'.repeat(MAX_MESSAGE), signature: '' })],
  ['a second challenge', '{"type":"challenge","nonce":"n"}'],
])('%s is not handled and ends the connection', async (_, data) => {
  const control = await startControl();
  const daemon = startDaemon(control.url);
  const { socket } = await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  socket.send(data);
  await until(() => expect(daemon.states.map((s) => s.connected)).toContain(false));
  const { socket: again } = await control.connection();
  again.send(state(5));
  await until(() => expect(numbers(daemon)).toEqual([5]));
});

test('a peer that answers nothing for 3 s is given up', { timeout: 15_000 }, async () => {
  const control = await startControl({ autoPong: false });
  const daemon = startDaemon(control.url);
  await control.connection();
  await until(() => expect(daemon.state()).toBe(true));
  await until(() => expect(daemon.states.at(-1)?.reason).toBe('no frame for 3 s'), 6000);
  await control.connection();
});

test('a peer that only answers pings is kept', { timeout: 15_000 }, async () => {
  const control = await startControl();
  const daemon = startDaemon(control.url);
  const { socket } = await control.connection();
  for (let n = 0; n < 5; n++) await once(socket, 'ping');
  expect(daemon.states).toEqual([{ connected: true, reason: undefined }]);
});

test('keeps trying while there is no control, and stops when closed', async () => {
  const daemon = startDaemon('http://127.0.0.1:1');
  await until(() => expect(daemon.states.length).toBeGreaterThan(2));
  await daemon.link.close();
  const count = daemon.states.length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(daemon.states.length).toBe(count);
  expect(daemon.states[0]?.reason).toContain('ECONNREFUSED');
});

test('waits 100 ms at first and never more than 2 s, less by up to half', () => {
  expect([0, 1, 4, 5, 50].map((n) => backoff(n, 0))).toEqual([100, 200, 1600, 2000, 2000]);
  expect(backoff(50, 1)).toBe(1000);
});
