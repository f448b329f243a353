import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import { after } from './turns.ts';

/** How bad the way is; all zero is a good one. */
export interface Faults {
  /** Probability, per message to the gateway, that the connection is cut somewhere within it. */
  cut: number;
  /** Probability that behind a message to the gateway one of the last few comes again. */
  double: number;
  /** Messages are held up to so long, in milliseconds. */
  delayMs: number;
  /** Probability that what the gateway said on a connection that is cut arrives late, when it has a new one. */
  late: number;
}

/** A way from one gateway to whichever control process it is turned to. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  readonly faults: Faults;
  /** Leads new connections to another control process; the URL of its sync endpoint. Those that are open stay. */
  turnTo(url: string): void;
  /** Cuts what is open. */
  cut(): void;
  /** Messages to the gateway that were passed on, in part or in full. */
  passed(): number;
}

/** How many messages of a connection may come again. */
const REMEMBERED = 4;

/** The longest that a message of a cut connection is late. */
const LATE_MS = 300;

/** Opens a way to control. It knows the frames that control sends (RFC 6455: never masked), so that it can double them. */
export async function openProxy(target: string, chance: Chance): Promise<Proxy> {
  const faults: Faults = { cut: 0, double: 0, delayMs: 0, late: 0 };
  const open = new Set<() => void>();
  let port = portOf(target);
  let passed = 0;
  const server = createServer((gateway) => {
    const control = connect(port, '127.0.0.1');
    const isLate = chance.is(faults.late);
    const last: Buffer[] = [];
    let isCut = false;
    const cut = (): void => {
      if (isCut) return;
      isCut = true;
      open.delete(cut);
      gateway.destroy();
      if (isLate) setTimeout(() => control.destroy(), LATE_MS);
      else control.destroy();
    };
    open.add(cut);
    for (const socket of [gateway, control]) socket.on('error', cut).on('close', cut);
    passUp(gateway, control, faults, chance.fork());
    passDown(control, async (message, isHandshake) => {
      if (isCut) return;
      await pause(chance, faults.delayMs);
      if (!isHandshake) {
        passed += 1;
        last.splice(REMEMBERED - 1);
        last.unshift(message);
      }
      const isFatal = chance.is(faults.cut);
      await written(gateway, isFatal ? message.subarray(0, chance.below(message.length)) : message);
      if (isFatal) cut();
      else if (!isHandshake && chance.is(faults.double)) await written(gateway, chance.of(last));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cutAll = (): void => {
    for (const cut of open) cut();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    turnTo: (url) => void (port = portOf(url)),
    cut: cutAll,
    passed: () => passed,
    [Symbol.asyncDispose]: async () => {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function pause(chance: Chance, most: number): Promise<void> {
  if (most > 0) await delay(chance.below(most + 1));
}

/** What the gateway says, in order and late; of a connection that was cut as well, for as long as control's end is open. */
function passUp(gateway: Socket, control: Socket, faults: Faults, chance: Chance): void {
  let turn = Promise.resolve();
  gateway.on('data', (bytes: Buffer) => {
    turn = after(turn, async () => {
      await pause(chance, gateway.destroyed ? LATE_MS : faults.delayMs);
      if (control.writable) control.write(bytes);
    });
  });
}

/** What control says: the answer to the handshake, then frame by frame, each when the one before it was taken. */
function passDown(control: Socket, take: (message: Buffer, isHandshake: boolean) => Promise<void>): void {
  let rest = Buffer.alloc(0);
  let isHandshake = true;
  let turn = Promise.resolve();
  control.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    control.pause();
    const messages: [Buffer, boolean][] = [];
    for (let length = lengthOf(rest, isHandshake); length <= rest.length; length = lengthOf(rest, isHandshake)) {
      messages.push([rest.subarray(0, length), isHandshake]);
      rest = rest.subarray(length);
      isHandshake = false;
    }
    turn = after(turn, async () => {
      for (const [message, first] of messages) await take(message, first);
      control.resume();
    });
  });
}

/** The length of the message that these bytes begin with; beyond all lengths when they do not tell yet. */
function lengthOf(bytes: Buffer, isHandshake: boolean): number {
  if (isHandshake) {
    const end = bytes.indexOf('\r\n\r\n');
    return end === -1 ? Infinity : end + 4;
  }
  const short = bytes.length < 2 ? Infinity : bytes.readUInt8(1) & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? Infinity : 4 + bytes.readUInt16BE(2);
  return short === 127 && bytes.length >= 10 ? 10 + Number(bytes.readBigUInt64BE(2)) : Infinity;
}

/** Resolves when the bytes have left, or the socket has ended. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.write(bytes, () => resolve());
  });
}
