import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { formatIp, toIp } from '../src/net/ip.ts';
import type { RowsJson } from '../src/wire/state.ts';
import type { ToDaemonJson } from '../src/wire/sync.ts';
import { type Figure, latencies } from './results.ts';

/** Plants per user, and entries per part, as control sends them. */
const PLANTS = 100;
const PART = 5000;
const CATCH_UP = 100_000;
const SINGLE = 300;
const USERS = 0x64400010;

const said = z.object({
  /** Milliseconds each. */
  snapshots: z.array(z.number()).optional(),
  single: z.array(z.number()).optional(),
  catchUp: z.number().optional(),
  load: z.number().optional(),
  /** The longest stop of the event loop, ms, and the most memory, MB. */
  stop: z.number(),
  memory: z.number(),
  /** Of the whole process, ms: says what the times are worth on a busy machine. */
  cpu: z.number(),
});

/**
 * `state.*`: what a gateway's daemon spends on holding `size` (user, plant) pairs, with a kernel that takes everything at once:
 * a first snapshot, another one that takes its place, single changes until they are durable, 100,000 changes at once, and
 * loading from disk in a new process. Needs no privileges.
 */
export async function benchState(size: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-state-'));
  try {
    await write(join(folder, 'messages'), messages(size));
    const taken = await daemon('take', folder);
    const loaded = await daemon('load', folder);
    return [
      figure('snapshot.first', taken.snapshots?.[0] ?? NaN, 'ms'),
      figure('snapshot.next', taken.snapshots?.[1] ?? NaN, 'ms'),
      ...latencies('state.change', taken.single ?? [], {}),
      figure('catch-up', taken.catchUp ?? NaN, 'ms', 10_000),
      figure('take.stop', taken.stop, 'ms'),
      figure('take.cpu', taken.cpu, 'ms'),
      figure('take.memory', taken.memory, 'MB', 600),
      figure('load', loaded.load ?? NaN, 'ms', 5000),
      figure('load.cpu', loaded.cpu, 'ms'),
      figure('load.memory', loaded.memory, 'MB', 600),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function figure(id: string, value: number, unit: string, most?: number): Figure {
  const base = { id: `state.${id}`, value: Math.round(value * 10) / 10, unit, runs: 1 };
  return most === undefined ? base : { ...base, target: `<= ${most}`, met: value <= most };
}

async function daemon(what: 'take' | 'load', folder: string): Promise<z.infer<typeof said>> {
  const script = fileURLToPath(new URL('state-daemon.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, what, folder]);
  return said.parse(JSON.parse(stdout));
}

/** Keeps the messages apart from the process that takes them. */
export async function write(path: string, messages: Iterable<ToDaemonJson>): Promise<void> {
  const file = createWriteStream(path);
  for (const message of messages) if (!file.write(`${JSON.stringify(message)}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

/** Two snapshots, in another order and with other revisions; changes of one pair; and many changes in one delta. */
export function* messages(size: number): Generator<ToDaemonJson> {
  yield* snapshot(size, 1_000_000, 1);
  yield* snapshot(size, 2_000_000, 7);
  for (let n = 1; n <= SINGLE; n++) {
    const user = USERS + ((n * 7919) % (size / PLANTS));
    const rows = { reach: [[user, size + n, 2_000_000 + n]] satisfies RowsJson['reach'] };
    yield { type: 'delta', from: 1_999_999 + n, to: 2_000_000 + n, last: true, rows, gone: {} };
  }
  const from = 2_000_000 + SINGLE;
  for (let n = 0; n < CATCH_UP; n += PART) {
    const pairs = Array.from({ length: PART }, (_, i) => pair(size, ((n + i) * 7919) % size));
    const [some, others] = [pairs.slice(PART / 2), pairs.slice(0, PART / 2)];
    const reach = some.map(([user]): [number, number, number] => [user, size + n, from]);
    const last = n + PART >= CATCH_UP;
    yield { type: 'delta', from, to: from + CATCH_UP, last, rows: { reach }, gone: { reach: others } };
  }
}

/** The pairs of user and plant, by number: a hundred plants for each of a hundredth as many users. */
function pair(size: number, n: number): [user: number, plant: number] {
  const users = size / PLANTS;
  return [USERS + (n % users), 1 + (((n % users) * 37 + Math.floor(n / users) * 97) % Math.max(PLANTS * 97, users))];
}

function* snapshot(size: number, revision: number, since: number): Generator<ToDaemonJson> {
  const users = size / PLANTS;
  let part = 0;
  const message = (rows: RowsJson, last = false): ToDaemonJson => ({
    type: 'snapshot',
    revision,
    part: part++,
    last,
    rows,
  });
  const plants = Math.max(PLANTS * 97, users);
  for (let from = 0; from < plants; from += PART) {
    const numbers = list(Math.min(PART, plants - from), (n) => from + n + 1);
    yield message({
      agents: numbers.map((plant) => ({ plant, publicKey: key(plant), address: 0x64500000 + plant })),
      subnets: numbers.map((n) => ({
        subnet: n,
        plant: n,
        network: '192.168.1.0/24',
        range: `${formatIp(toIp(0x64600000 + n * 256))}/24`,
        since,
      })),
    });
  }
  for (let from = 0; from < users; from += PART)
    yield message({
      users: list(Math.min(PART, users - from), (n) => ({
        address: USERS + from + n,
        slot: 1,
        publicKey: key(from + n + 1_000_000),
      })),
    });
  for (let from = 0; from < size; from += PART)
    yield message({ reach: list(Math.min(PART, size - from), (n) => [...pair(size, from + n), since]) });
  yield message({}, true);
}

function list<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function key(n: number): string {
  const bytes = Buffer.alloc(32, 1);
  bytes.writeUInt32BE(n);
  return bytes.toString('base64');
}
