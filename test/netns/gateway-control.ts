import { once } from 'node:events';
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { type PublicKey, newKeyPair, verifyBytes } from '../../src/net/keys.ts';
import { ENROLL_PATH } from '../../src/wire/enroll.ts';
import type { Gone, RowsJson } from '../../src/wire/state.ts';
import {
  type FromDaemon,
  SYNC_PATH,
  type ToDaemonJson,
  enrollRequest,
  fromDaemon,
  helloBytes,
} from '../../src/wire/sync.ts';

/** A control that enrols one gateway and sends it the rows that the test says. */
export interface TestControl {
  /** What the gateway said, over all connections. */
  readonly said: FromDaemon[];
  /** Tokens that were presented. */
  readonly tokens: string[];
  /** The gateway's tunnel key, once it has enrolled. */
  tunnelKey(): PublicKey;
  /** Makes a revision and sends it as a delta. Resolves with the milliseconds until it was acknowledged. */
  change(rows: RowsJson, gone?: Partial<Gone>): Promise<number>;
  /** Makes a revision without waiting. Returns it. */
  push(rows: RowsJson, gone?: Partial<Gone>): number;
  acknowledged(revision: number): Promise<void>;
  /** Cuts connections and refuses new ones, or takes them again. */
  away(isAway: boolean): void;
  close(): Promise<void>;
}

const ID = '0f9d3d4e-2f38-4c5d-9a63-1f0c6b1f2a3c';
const NONCE = 'a nonce';
const ACK_MS = 20_000;
/** Parts of a snapshot hold so many rows of a kind. */
const PART = 20_000;

type Filled = { [K in keyof RowsJson]-?: NonNullable<RowsJson[K]> };
const fill = (rows: RowsJson): Filled => ({
  slots: rows.slots ?? [],
  gateways: rows.gateways ?? [],
  agents: rows.agents ?? [],
  subnets: rows.subnets ?? [],
  users: rows.users ?? [],
  reach: rows.reach ?? [],
  settings: rows.settings ?? [],
});
const noGone = (): Gone => ({ slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] });

/** Starts it on a unix socket. `address` is the infrastructure address that it gives the gateway. */
export async function startTestControl(path: string, address: number): Promise<TestControl> {
  const [said, tokens, sockets]: [FromDaemon[], string[], Set<WebSocket>] = [[], [], new Set()];
  const acks = new Map<number, () => void>();
  const rows = new Map<string, { kind: keyof Filled; row: unknown }>();
  let revision = 1;
  let tunnelKey: PublicKey | undefined;
  let identityKey: PublicKey | undefined;
  let isAway = false;

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (isAway || request.url !== ENROLL_PATH) {
        response.writeHead(503).end();
        return;
      }
      const asked = enrollRequest.parse(JSON.parse(Buffer.concat(parts).toString()));
      tokens.push(asked.token);
      ({ identityKey, tunnelKey } = asked);
      const answer = { kind: 'gateway', id: ID, number: 1, address, controlKey: newKeyPair('ed25519').publicKey };
      response.writeHead(201).end(JSON.stringify(answer));
    });
  });
  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (isAway || request.url !== SYNC_PATH) {
      socket.destroy();
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data: Buffer) => hear(ws, fromDaemon.parse(JSON.parse(data.toString()))));
      ws.on('close', () => sockets.delete(ws));
      ws.send(JSON.stringify({ type: 'challenge', nonce: NONCE }));
    });
  });
  server.listen(path);
  await once(server, 'listening');

  function hear(ws: WebSocket, message: FromDaemon): void {
    said.push(message);
    // Revisions that came close together are acknowledged as one, with the last.
    if (message.type === 'ack') for (const [wanted, tell] of acks) if (wanted <= message.revision) tell();
    if (message.type !== 'hello') return;
    const isProven =
      identityKey !== undefined && verifyBytes(identityKey, helloBytes('gateway', ID, NONCE), message.signature);
    if (!isProven) return ws.close();
    sockets.add(ws);
    if (message.have !== revision) for (const part of snapshot()) ws.send(JSON.stringify(part));
  }

  function snapshot(): ToDaemonJson[] {
    const all = [...rows.values()];
    const count = Math.max(1, Math.ceil(all.length / PART));
    return Array.from({ length: count }, (_, at) => {
      const part = Map.groupBy(all.slice(at * PART, (at + 1) * PART), ({ kind }) => kind);
      const lists = [...part].map(([kind, group]) => [kind, group.map(({ row }) => row)]);
      return { type: 'snapshot', revision, part: at, last: at === count - 1, rows: fill(Object.fromEntries(lists)) };
    });
  }

  function push(change: RowsJson, gone: Partial<Gone> = {}): number {
    const delta = fill(change);
    const keys: Gone = { ...noGone(), ...gone };
    for (const [kind, key, row] of entries(delta)) rows.set(`${kind} ${key}`, { kind, row });
    for (const [kind, list] of Object.entries(keys)) for (const key of list) rows.delete(`${kind} ${String(key)}`);
    const from = revision;
    revision += 1;
    const message: ToDaemonJson = { type: 'delta', from, to: revision, last: true, rows: delta, gone: keys };
    for (const ws of sockets) ws.send(JSON.stringify(message));
    return revision;
  }

  function acknowledged(wanted: number): Promise<void> {
    if (said.some((message) => message.type === 'ack' && message.revision >= wanted)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`revision ${wanted} was not acknowledged`)), ACK_MS);
      acks.set(wanted, () => {
        clearTimeout(timer);
        acks.delete(wanted);
        resolve();
      });
    });
  }

  return {
    said,
    tokens,
    tunnelKey: () => {
      if (tunnelKey === undefined) throw new Error('the gateway has not enrolled');
      return tunnelKey;
    },
    push,
    acknowledged,
    change: async (change, gone) => {
      const begin = performance.now();
      await acknowledged(push(change, gone));
      return performance.now() - begin;
    },
    away: (now) => {
      isAway = now;
      if (now) for (const ws of wss.clients) ws.terminate();
    },
    close: async () => {
      for (const ws of wss.clients) ws.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function* entries(rows: Filled): Generator<[keyof Filled, string, unknown]> {
  for (const row of rows.slots) yield ['slots', String(row.slot), row];
  for (const row of rows.gateways) yield ['gateways', String(row.gateway), row];
  for (const row of rows.agents) yield ['agents', String(row.plant), row];
  for (const row of rows.subnets) yield ['subnets', String(row.subnet), row];
  for (const row of rows.users) yield ['users', String(row.address), row];
  for (const row of rows.reach) yield ['reach', `${row[0]},${row[1]}`, row];
  for (const row of rows.settings) yield ['settings', `${row.user},${row.subnet}`, row];
}
