import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { realRunner } from '../src/kernel/run.ts';
import { type Status, statusSchema } from '../src/lab/status.ts';
import { type Db, openDb } from '../src/store/db.ts';
import { untilLeft } from './leave.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PARKWAY = join(ROOT, 'bin/parkway');
/** Commands on a lab with a million routes take their time. */
const PATIENCE_MS = 300_000;
/** An end that takes longer is made short. */
const DOWN_MS = 30_000;
/** A bench must not fail because a figure is bad. */
const PROBE_MS = 60_000;
/** The gateways of the lab: a user's packets come by the first. */
export const TWO_GATEWAYS = ['gw-eu-1', 'gw-eu-2'] as const;
export const FOUR_GATEWAYS = [...TWO_GATEWAYS, 'gw-us-1', 'gw-us-2'] as const;

/** A lab of the bench's own, driven as a script outside the project would. */
export interface BenchLab {
  readonly status: Status;
  /** For files of the bench; removed with the lab. */
  readonly folder: string;
  /** Runs `parkway …` as an account. Returns its output. */
  parkway(account: Account, ...words: string[]): Promise<string>;
  /** Runs `parkway lab …` on this lab. */
  lab(...words: string[]): Promise<string>;
  /** Starts the probe on a laptop. */
  probe(laptop: string): Probe;
  /** Calls the API as an account, straight, without a process in between. Throws when it refuses. */
  call<T>(account: Account, request: Request<T>): Promise<Answer<T>>;
  /** Opens its database. Destroyed by the caller. */
  db(): Db;
  down(): Promise<void>;
}

/** A call of the API. `answer` is what of its body is of interest. */
export interface Request<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

/** The parsed body, when it was there, in milliseconds of the machine's clock, and the revision of the change, 0 when there was none. */
export interface Answer<T> {
  readonly at: number;
  readonly revision: number;
  readonly body: T;
}

const accountSchema = z.object({ token: z.string() });

/** An account that is signed in. */
export type Account = z.infer<typeof accountSchema>;

/** What the probe said: see `probe.ts`. */
export interface Event {
  readonly kind: string;
  readonly asked: number;
  readonly answered: number;
}

export interface Probe {
  tell(command: string): void;
  /** Waits for the next event that fits. Rejects after a minute. */
  next(fits: (event: Event) => boolean): Promise<Event>;
  /** All events since the last call of `forget`. */
  readonly events: Event[];
  stop(): void;
}

/** Brings a lab up. Take it down whatever happens. It ends with this process, too, however that ends. */
export async function benchLab(gateways: readonly string[]): Promise<BenchLab> {
  const folder = await mkdtemp(join(tmpdir(), 'parkway-bench-'));
  const name = `bench-${process.pid}`;
  // The database's user passes through.
  await chmod(folder, 0o711);
  const runner = realRunner();
  const run = (words: readonly string[], env: readonly string[] = []) =>
    runner.run(['env', `PARKWAY_LAB_DIR=${folder}`, ...env, PARKWAY, ...words], { timeoutMs: PATIENCE_MS });
  const lab = ([verb = '', ...rest]: readonly string[]) => run(['lab', verb, '--name', name, ...rest]);
  const supervisor = startLab(folder, ['--name', name, '--gateways', gateways.join(',')]);
  const down = untilLeft(async () => {
    await ended(supervisor);
    await rm(folder, { recursive: true });
  });
  try {
    const status = await statusFrom(supervisor);
    const host = join(status.stateDirectory, 'hosts/control/state/postgres/socket');
    return {
      status,
      folder,
      down,
      db: () => openDb({ host, port: 5432, user: 'parkway', database: 'parkway' }),
      lab: (...words) => lab(words),
      parkway: ({ token }, ...words) => run(words, [`PARKWAY_URL=${status.url}`, `PARKWAY_TOKEN=${token}`]),
      call: (account, request) => call(status, account, request),
      probe: (laptop) => startProbe(folder, name, laptop),
    };
  } catch (error) {
    await down();
    throw error;
  }
}

/** The lab in a process that is told to end when this one dies, if only of `kill -9`. */
function startLab(folder: string, words: readonly string[]): ChildProcess {
  const argv = ['--pdeathsig', 'TERM', PARKWAY, 'lab', 'up', '--json', ...words];
  const env = { ...process.env, PARKWAY_LAB_DIR: folder };
  return spawn('setpriv', argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Its status, once it is healthy. Throws with what it said when it ends before. */
async function statusFrom(supervisor: ChildProcess): Promise<Status> {
  let said = '';
  let status = '';
  supervisor.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    supervisor.once('error', reject);
    supervisor.once('exit', () => reject(new Error(`the lab did not come up:\n${said.trim()}`)));
    supervisor.stdout?.setEncoding('utf8').on('data', (text: string) => {
      status += text;
      if (status.endsWith('\n}\n')) resolve(statusSchema.parse(JSON.parse(status)));
    });
  });
}

async function ended(supervisor: ChildProcess): Promise<void> {
  if (supervisor.pid === undefined || supervisor.exitCode !== null || supervisor.signalCode !== null) return;
  const timer = setTimeout(() => supervisor.kill('SIGKILL'), DOWN_MS);
  const over = once(supervisor, 'exit');
  supervisor.kill('SIGTERM');
  await over;
  clearTimeout(timer);
}

/** Signs an account of the lab in. */
export async function signIn({ status }: BenchLab, email: string): Promise<Account> {
  const account = status.accounts.find((one) => one.email === email);
  if (account === undefined) throw new Error(`the lab has no account ${email}`);
  const credentials = { email, password: account.password };
  const request = { method: 'POST', path: '/sessions', body: credentials, answer: accountSchema } as const;
  return (await call(status, { token: '' }, request)).body;
}

async function call<T>(
  { api }: Status,
  { token }: Account,
  { method, path, body, answer }: Request<T>,
): Promise<Answer<T>> {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const at = performance.timeOrigin + performance.now();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const revision = Number(response.headers.get('parkway-revision') ?? 0);
  return { at, revision, body: answer.parse(text === '' ? undefined : JSON.parse(text)) };
}

function startProbe(folder: string, name: string, laptop: string): Probe {
  const child = spawn(
    PARKWAY,
    ['lab', 'exec', '--name', name, laptop, '--', process.execPath, join(ROOT, 'bench/probe.ts')],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PARKWAY_LAB_DIR: folder } },
  );
  const events: Event[] = [];
  const waiting = new Set<(event: Event) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [kind = '', asked, answered] = line.split(' ');
    const event = { kind, asked: Number(asked), answered: Number(answered) };
    events.push(event);
    for (const tell of waiting) tell(event);
  });
  return {
    events,
    tell: (command) => child.stdin.write(`${command}\n`),
    next: (fits) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the probe saw nothing for a minute')), PROBE_MS);
        const tell = (event: Event) => {
          if (!fits(event)) return;
          clearTimeout(timer);
          waiting.delete(tell);
          resolve(event);
        };
        waiting.add(tell);
      }),
    stop: () => child.stdin.end(),
  };
}
