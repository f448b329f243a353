import { randomBytes } from 'node:crypto';
import websocket from '@fastify/websocket';
import type { RawData, WebSocket } from 'ws';
import { isUnfit } from '../../store/unfit.ts';
import { Problem, type ProblemCode } from '../../wire/problem.ts';
import { MAX_MESSAGE, SYNC_PATH } from '../../wire/sync.ts';
import type { Deps } from '../deps.ts';
import type { App } from '../http/app.ts';
import { type Throttle, newThrottle } from '../throttle.ts';
import type { Hub, Session } from './hub.ts';
import { greet, malformed, parseMessage, takeReport } from './inbound.ts';
import { type Channel, toAgent, toGateway } from './outbound.ts';

const HELLO_WITHIN_MS = 5000;

/** Repairs per daemon that are recorded; an agent stands at somebody's site and may say what it likes. */
const REPAIRS = { limit: 60, windowMs: 60_000 };

/** Above our own limit, so that a message which exceeds it is answered; what exceeds this ends the connection at once. */
const MAX_FRAME = MAX_MESSAGE + 1024 * 1024;

/** Takes the daemons' connections at `SYNC_PATH` and hands them to the hub. Call it before the app listens. */
export async function syncRoutes(app: App, deps: Deps, hub: Hub): Promise<void> {
  await app.register(websocket, { options: { maxPayload: MAX_FRAME, perMessageDeflate: false } });
  const repairs = newThrottle({ ...REPAIRS, clock: deps.clock });
  await app.register((scope, _options, done) => {
    scope.get(
      SYNC_PATH,
      {
        websocket: true,
        config: { access: 'public' },
        schema: { operationId: 'sync', summary: 'Connections of gateways and agents', hide: true },
      },
      (socket) => serve(deps, hub, repairs, socket),
    );
    done();
  });
}

/** Serves one connection: challenge, hello, and from then on reports, one at a time. */
function serve(deps: Deps, hub: Hub, repairs: Throttle, socket: WebSocket): void {
  const nonce = randomBytes(32).toString('base64url');
  const channel = channelOf(socket);
  let session: Session | undefined;
  let heardAt = deps.clock.now();

  const take = async (data: Buffer, binary: boolean): Promise<void> => {
    const message = parseMessage(data, binary, session !== undefined);
    if (session !== undefined) {
      if (message.type === 'hello') throw malformed('There was a hello already.');
      if (message.type === 'repaired' && repairs.take(session.daemon.id) > 0) return;
      return takeReport(deps, session.daemon, message, session.told());
    }
    if (message.type !== 'hello') throw malformed('The first message must be a hello.');
    const daemon = await greet(deps, message, nonce);
    clearTimeout(impatience);
    if (!channel.isOpen()) return;
    const outbound = (daemon.kind === 'gateway' ? toGateway : toAgent)(deps, daemon, message.have, channel);
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
  channel.send({ type: 'challenge', nonce }).catch(() => socket.terminate());
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
  let outdated = true;
  const push = async (): Promise<void> => {
    outdated = false;
    try {
      await parts.push();
    } catch (error) {
      outdated = true;
      if (!channel.isOpen()) return;
      // Half of a delta may be on its way: only a new connection starts cleanly.
      deps.log.warn({ err: error, daemon: parts.daemon.id }, 'sync: could not send');
      channel.refuse('unavailable', 'Try again later.');
    }
  };
  return {
    ...parts,
    push,
    outdate: () => (outdated = true),
    isOutdated: () => outdated,
    refuse: channel.refuse,
    terminate: () => socket.terminate(),
  };
}

function channelOf(socket: WebSocket): Channel {
  return {
    isOpen: () => socket.readyState === socket.OPEN,
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
      }),
    refuse: (code: ProblemCode, detail: string) => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(JSON.stringify({ type: 'refused', code, detail }));
      socket.close(1008, code);
    },
  };
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
