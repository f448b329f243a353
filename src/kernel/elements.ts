import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cidr, lastOf } from '../net/cidr.ts';
import { parseIp } from '../net/ip.ts';

/** Elements by `<set> <key>`, the key as `nft` has it: `r24s11 100.64.0.11 . 0x0001a8c0`. In a map with a prefix, in a set with ''. */
type Elements = ReadonlyMap<string, string>;

/** Elements to be removed, then some to be added, in one transaction. */
export interface ElementChange {
  readonly remove: Elements;
  readonly add: Elements;
}

/** How a transaction is known as ours. */
export interface Stamp {
  readonly table: string;
  readonly number: number;
  readonly isFlush: boolean;
}

/** Writes elements faster than `nft` does (`elements.pl`). */
export interface ElementWriter {
  /**
   * Takes one line of `requestLine`, one at a time. True: it is done, as one transaction. False: it is not, or nobody knows, and no
   * part of it is under way any more.
   */
  write(request: string): Promise<boolean>;
  /** Ends it. */
  stop(): void;
}

/** The command of the writer. */
export const WRITER: readonly string[] = ['perl', fileURLToPath(new URL('elements.pl', import.meta.url))];

/** One that does not answer for so long is killed, ms. The kernel takes one transaction after another, a load of `nft` may take 1 s. */
const TIMEOUT_MS = 4000;

/** One that died is not replaced sooner, ms: to start a program stops a large process for some 40 ms. */
const RESTART_MS = 1000;

/** One that runs, and who waits for its answer. */
interface Writer {
  readonly child: ChildProcess;
  answer: ((line: string | undefined) => void) | undefined;
}

/**
 * Starts a writer at once, while there is little to copy for that (see `launch.ts`). It goes with this process, and is replaced
 * by the first request after it died.
 */
export function openWriter(argv: readonly string[] = WRITER, timeoutMs: number = TIMEOUT_MS): ElementWriter {
  let notBefore = 0;
  let writer: Writer | undefined = open();

  function open(): Writer {
    const opened = start(argv, () => {
      if (writer === opened) writer = undefined;
      notBefore = performance.now() + RESTART_MS;
    });
    return opened;
  }

  async function write(request: string): Promise<boolean> {
    if (writer === undefined && performance.now() < notBefore) return false;
    writer ??= open();
    return (await ask(writer, request, timeoutMs)) === 'done';
  }

  return {
    write,
    stop: () => void writer?.child.stdin?.end(),
  };
}

/** It keeps this process alive only while somebody waits for an answer. */
function start([program = '', ...argv]: readonly string[], onEnd: () => void): Writer {
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const writer: Writer = { child, answer: undefined };
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  child.unref();
  // What was written to one that is gone is answered by its end.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => writer.answer?.(line));
  const end = () => {
    onEnd();
    writer.answer?.(undefined);
  };
  child.on('error', end);
  child.on('close', end);
  return writer;
}

/** Returns the answer, or undefined when it ended without one. */
async function ask(writer: Writer, request: string, timeoutMs: number): Promise<string | undefined> {
  const { child } = writer;
  // Its end is waited for: only then nothing of the request happens any more.
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.ref();
  try {
    return await new Promise((resolve) => {
      writer.answer = resolve;
      child.stdin?.write(request);
    });
  } finally {
    writer.answer = undefined;
    clearTimeout(timer);
    child.unref();
  }
}

/**
 * The line that asks for a transaction in a table, with its number first, and the past ones flushed before (see `nft.ts`). Throws
 * RangeError for a value that is no prefix. Pure.
 */
export function requestLine(stamp: Stamp, { remove, add }: ElementChange): string {
  const groups = new Map([['+generation', [markHex(stamp.number)]]]);
  for (const [sign, elements] of [['-', remove] as const, ['+', add] as const]) {
    for (const [element, value] of elements) {
      const at = element.indexOf(' ');
      const word = `${sign}${element.slice(0, at)}`;
      const key = element
        .slice(at + 1)
        .split(' . ')
        .map(partHex)
        .join('');
      const text = sign === '-' || value === '' ? key : `${key}:${rangeHex(value)}`;
      const group = groups.get(word);
      if (group === undefined) groups.set(word, [text]);
      else group.push(text);
    }
  }
  const start = stamp.isFlush ? [stamp.table, '!generation'] : [stamp.table];
  return `${[...start, ...[...groups].flatMap(([word, group]) => [word, ...group])].join(' ')}\n`;
}

/** A part of a key: an address in network order, or a mark. */
function partHex(text: string): string {
  const ip = parseIp(text);
  return ip === undefined ? markHex(Number(text)) : hex(ip);
}

/** In host order, and that is little-endian: `markOf` in the gateway's `compile.ts` relies on it, too. */
function markHex(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}

/** What `interval ip daddr` is: the first and the last address. */
function rangeHex(prefix: string): string {
  const range = cidr(prefix);
  return hex(range.base) + hex(lastOf(range));
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
