import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import websocket from '@fastify/websocket';
import type { RawData, WebSocket } from 'ws';
import { nextConnection, noteApplied } from '../../store/telemetry.ts';
import { isUnfit } from '../../store/unfit.ts';
import { Problem } from '../../wire/problem.ts';
import { MAX_MESSAGE, SYNC_PATH } from '../../wire/sync.ts';
import type { Deps } from '../deps.ts';
import type { App } from '../http/app.ts';
import { type Throttle, newThrottle } from '../throttle.ts';
import { acknowledging } from './acks.ts';
import { type Channel, channelOf } from './channel.ts';
import type { Hub, Session } from './hub.ts';
import { checkLatest, checkedAck, greet, malformed, parseMessage, takeReport } from './inbound.ts';
import { toAgent, toGateway } from './outbound.ts';
import { type Reader, createReader } from './reader.ts';

const HELLO_WITHIN_MS = 5000;

/** Repairs per daemon that are recorded; an agent stands at somebody's site and may say what it likes. */
const REPAIRS = { limit: 60, windowMs: 60_000 };

/** Above our own limit, so that a message which exceeds it is answered; what exceeds this ends the connection at once. */
const MAX_FRAME = MAX_MESSAGE + 1024 * 1024;

/** What a connection may send before it proved who it is, in bytes. Above the largest hello, so that one too large is answered. */
const MAX_UNKNOWN = 65_536;

/** Takes the daemons' connections at `SYNC_PATH` and hands them to the hub. Call it before the app listens. */
export async function syncRoutes(app: App, deps: Deps, hub: Hub): Promise<void> {
  await app.register(websocket, { options: { maxPayload: MAX_FRAME, perMessageDeflate: false } });
  const repairs = newThrottle({ ...REPAIRS, clock: deps.clock });
  const context: Context = { deps, hub, repairs, reader: createReader(deps.db) };
  await app.register((scope, _options, done) => {
    scope.get(
      SYNC_PATH,
      {
        websocket: true,
        config: { access: 'public' },
        schema: { operationId: 'sync', summary: 'Connections of gateways and agents', hide: true },
      },
      (socket, request) => serve(context, socket, request.raw.socket),
    );
    done();
  });
}

/** What all connections share. */
interface Context {
  readonly deps: Deps;
  readonly hub: Hub;
  readonly repairs: Throttle;
  readonly reader: Reader;
}

/** Serves one connection: challenge, hello, and from then on reports, one at a time. */
function serve({ deps, hub, repairs, reader }: Context, socket: WebSocket, stream: Duplex): void {
  const nonce = randomBytes(32).toString('base64url');
  const numbered = nextConnection(deps.db);
  const channel = channelOf(socket, deps.clock);
  const known = limitUntilKnown(socket, stream);
  let session: Session | undefined;
  let noteAck: ((revision: number) => Promise<void>) | undefined;
  let heardAt = deps.clock.now();

  const take = async (data: Buffer, binary: boolean): Promise<void> => {
    const message = parseMessage(data, binary, session !== undefined);
    if (session !== undefined) {
      if (message.type === 'hello') throw malformed('There was a hello already.');
      if (message.type === 'repaired' && repairs.take(session.daemon.id) > 0) return;
      if (message.type !== 'ack') return takeReport(deps, session.daemon, message);
      const noted = noteAck?.(checkedAck(message.revision, session.told()));
      noted?.catch((error: unknown) => refuse(deps, channel, error));
      return;
    }
    if (message.type !== 'hello') throw malformed('The first message must be a hello.');
    const number = await numbered;
    const daemon = await greet(deps, message, { nonce, number });
    clearTimeout(impatience);
    if (!channel.isOpen()) return;
    known();
    const { have } = message;
    const outbound =
      daemon.kind === 'gateway' ? toGateway(deps, reader, daemon, have, channel) : toAgent(deps, daemon, have, channel);
    noteAck = acknowledging(async (revision) => checkLatest(await noteApplied(deps.db, daemon, number, revision)));
    session = sessionOf(deps, socket, channel, { daemon, ...outbound, heardAt: () => heardAt });
    hub.add(session);
    void session.push();
  };

  const takeAfter = async (former: Promise<void>, data: Buffer, binary: boolean): Promise<void> => {
    await former;
    try {
      if (channel.isOpen()) await take(data, binary);
    } catch (error) {
      refuse(deps, channel, error);
    } finally {
      socket.resume();
    }
  };

  const impatience = setTimeout(() => channel.refuse('daemon-unknown', 'No hello came.'), HELLO_WITHIN_MS);
  let taking = Promise.resolve();
  const heard = () => {
    heardAt = deps.clock.now();
  };
  socket.on('ping', heard);
  socket.on('pong', heard);
  socket.on('error', (error) => deps.log.debug({ err: error }, 'sync: connection failed'));
  socket.on('close', () => {
    clearTimeout(impatience);
    if (session !== undefined) hub.remove(session);
  });
  socket.on('message', (data, binary) => {
    heard();
    // Nothing more is read until this is dealt with: a daemon that floods us fills its own buffers.
    socket.pause();
    taking = takeAfter(taking, bytesOf(data), binary);
  });
  const challenge = async (): Promise<void> => {
    await numbered;
    await channel.send(JSON.stringify({ type: 'challenge', nonce }));
  };
  challenge().catch(() => socket.terminate());
}

/**
 * Ends a connection that has sent more than a hello before the returned function was called: whoever did not prove who it
 * is fills no memory with the beginning of a large message.
 */
function limitUntilKnown(socket: WebSocket, stream: Duplex): () => void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > MAX_UNKNOWN) socket.terminate();
  };
  stream.on('data', count);
  return () => void stream.off('data', count);
}

/** A refusal is told as it is; anything else is ours to know, and the daemon comes again later. */
function refuse(deps: Deps, channel: Channel, error: unknown): void {
  if (error instanceof Problem) return channel.refuse(error.code, error.message);
  if (isUnfit(error)) return channel.refuse('message-malformed', 'A value of the message cannot be stored.');
  deps.log.warn({ err: error }, 'sync: could not take a message');
  channel.refuse('unavailable', 'Try again later.');
}

function sessionOf(
  deps: Deps,
  socket: WebSocket,
  channel: Channel,
  parts: Pick<Session, 'daemon' | 'push' | 'told' | 'heardAt'>,
): Session {
  const push = async (): Promise<void> => {
    try {
      await parts.push();
    } catch (error) {
      if (!channel.isOpen()) return;
      // Half of a delta may be on its way: only a new connection starts cleanly.
      deps.log.warn({ err: error, daemon: parts.daemon.id }, 'sync: could not send');
      channel.refuse('unavailable', 'Try again later.');
    }
  };
  return {
    ...parts,
    push,
    sendingSince: channel.sendingSince,
    refuse: channel.refuse,
    terminate: () => socket.terminate(),
  };
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
