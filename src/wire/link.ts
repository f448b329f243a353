/**
 * A daemon's end of the connection to control: one outbound WebSocket that is opened again for as long as the daemon
 * lives. It proves who the daemon is, hands on what control says strictly in order, and notices a peer that is silent.
 */
import { type RawData, WebSocket } from 'ws';
import { unpack } from './packing.ts';
import { type FromDaemonJson, MAX_MESSAGE, SYNC_PATH, type ToDaemon, toDaemon } from './sync.ts';

/** What control says after its challenge, which the link answers itself. */
export type Instruction = Exclude<ToDaemon, { type: 'challenge' }>;

export interface LinkOptions {
  /** Control's base URL, `http:` or `https:`. */
  readonly url: string;
  /** The daemon's signed answer to control's challenge; asked anew for each connection. */
  readonly hello: (nonce: string) => FromDaemonJson;
  /**
   * Called with one message at a time; the next waits for its promise, and `hasMore` says that one does already. When it
   * fails the connection is closed, and the next one starts from what the daemon then has.
   */
  readonly onMessage: (message: Instruction, hasMore: boolean) => void | Promise<void>;
  /** True when the hello is sent; false, with the reason, whenever a connection or an attempt at one has ended. */
  readonly onState: (connected: boolean, reason?: string) => void;
}

export interface Link {
  /** Sends a message. Returns false, and drops it, while there is no connection: control learns state anew from a hello. */
  send(message: FromDaemonJson): boolean;
  /** Closes for good; resolves when no handler runs any more. */
  close(): Promise<void>;
}

const FIRST_DELAY = 100;
const LONGEST_DELAY = 2000;
const TICK = 1000;
const SILENT_TICKS = 3;

/** So many bytes may wait for the handler; then nothing more is read, and control waits. */
const MAX_WAITING = 2 * 1024 * 1024;

/** Milliseconds to wait before attempt `n` (from 0) after a failure: 100 ms doubling to 2 s, of which `random` (0 to 1) takes up to half. */
export function backoff(n: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** n);
  return Math.round(ceiling * (1 - random / 2));
}

/** Opens the link and keeps it open. Returns at once; `onState` tells when there is a connection. */
export function connectLink(options: LinkOptions): Link {
  let failures = 0;
  let current: Connection | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  // One chain over all connections: a handler of the last connection still runs to its end before the next one's first.
  let handling = Promise.resolve();

  const open = (): void => {
    current = openConnection(options, {
      enqueue: (task) => void (handling = handling.then(task)),
      onHeard: () => (failures = 0),
      onEnd: (reason) => {
        current = undefined;
        options.onState(false, reason);
        if (!closed) retry = setTimeout(open, backoff(failures++, Math.random()));
      },
    });
  };
  open();

  return {
    send: (message) => current?.send(message) ?? false,
    close: async () => {
      closed = true;
      clearTimeout(retry);
      current?.end('closed by this daemon');
      await handling;
    },
  };
}

interface Connection {
  send(message: FromDaemonJson): boolean;
  end(reason: string): void;
}

interface Hooks {
  /** Runs a task after all earlier ones. The task never rejects. */
  readonly enqueue: (task: () => Promise<void>) => void;
  /** Control took the hello: something other than a refusal came after it. */
  readonly onHeard: () => void;
  readonly onEnd: (reason: string) => void;
}

function openConnection(options: LinkOptions, hooks: Hooks): Connection {
  const socket = new WebSocket(syncUrl(options.url), {
    maxPayload: MAX_MESSAGE,
    handshakeTimeout: TICK * SILENT_TICKS,
    perMessageDeflate: false,
  });
  let greeted = false;
  let ended = false;
  let silentTicks = 0;
  let waiting = 0;
  let queued = 0;

  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    clearInterval(ticking);
    // A peer that is gone answers no closing handshake: do not wait for one.
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    socket.terminate();
    hooks.onEnd(reason);
  };

  // Ticks, not times: after this process was held up (a large compile), what came meanwhile is read before the second tick.
  const ticking = setInterval(() => {
    // Whom we do not read cannot be heard.
    if (socket.isPaused) silentTicks = 0;
    if (++silentTicks > SILENT_TICKS) return end(`no frame for ${SILENT_TICKS} s`);
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, TICK);

  const handle = async (data: Buffer, binary: boolean): Promise<void> => {
    if (ended) return;
    const message = await parse(data, binary);
    // It may have ended meanwhile, and the next one have begun.
    if (ended) return;
    if (message === undefined) return end(NO_MESSAGE);
    if (message.type === 'challenge') return end('control sent a second challenge');
    if (message.type !== 'refused') hooks.onHeard();
    try {
      await options.onMessage(message, queued > 0);
    } catch (error) {
      end(`could not handle ${message.type}: ${String(error)}`);
    }
  };

  const handleAndRead = async (data: Buffer, binary: boolean): Promise<void> => {
    queued -= 1;
    await handle(data, binary);
    waiting -= data.length;
    if (waiting <= MAX_WAITING) socket.resume();
  };

  const greet = (data: Buffer, binary: boolean): void => {
    const message = binary ? undefined : read(data.toString('utf8'));
    if (message === undefined) return end(NO_MESSAGE);
    if (message.type !== 'challenge') return end('control did not open with a challenge');
    greeted = true;
    socket.send(JSON.stringify(options.hello(message.nonce)));
    options.onState(true);
  };

  const receive = (data: RawData, binary: boolean): void => {
    if (!(data instanceof Buffer)) return end(NO_MESSAGE);
    if (!greeted) return greet(data, binary);
    waiting += data.length;
    queued += 1;
    if (waiting > MAX_WAITING) socket.pause();
    hooks.enqueue(() => handleAndRead(data, binary));
  };

  const alive = (): void => {
    silentTicks = 0;
  };
  socket.on('pong', () => {
    alive();
    if (greeted) hooks.onHeard();
  });
  socket.on('ping', alive);
  socket.on('message', (data, binary) => {
    alive();
    if (!ended) receive(data, binary);
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', (code) => end(`closed by control (${code})`));

  return {
    end,
    send: (message) => {
      if (!greeted || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
  };
}

function syncUrl(base: string): URL {
  const url = new URL(SYNC_PATH, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

const NO_MESSAGE = 'control sent something that is not a message';

async function parse(data: Buffer, binary: boolean): Promise<ToDaemon | undefined> {
  try {
    return read(await unpack(data, binary));
  } catch {
    return undefined;
  }
}

function read(text: string): ToDaemon | undefined {
  try {
    return toDaemon.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
