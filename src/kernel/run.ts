/**
 * `kernel` owns every process that Parkway starts, and the spelling of `wg`, `ip` and `nft`: argument lists only, never a
 * shell, secrets through standard input. Everything else takes a `Runner`; tests give the one of `fake.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a run may be given beside its arguments. */
export interface RunOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** Killed, and failed, after so many milliseconds; 30,000 unless given. */
  readonly timeoutMs?: number;
}

/** A process that goes on until it is stopped. */
export interface Follower {
  readonly pid: number | undefined;
  stop(): void;
  /** Settles when the process is gone, whatever the reason. */
  readonly ended: Promise<void>;
}

/** Starts programs. */
export interface Runner {
  /** Runs a program to its end. Returns its standard output; throws `KernelError` when it fails. */
  run(argv: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts a program and hands over each line that it prints, on either stream. */
  follow(argv: readonly string[], onLine: (line: string) => void): Follower;
}

/** A program that failed: what was run, how it ended and what it said. Never carries its standard input. */
export class KernelError extends Error {
  readonly argv: readonly string[];
  readonly stderr: string;
  constructor(argv: readonly string[], outcome: string, stderr: string) {
    super(`${argv.join(' ')}: ${outcome}${stderr === '' ? '' : `: ${stderr.trim()}`}`);
    this.name = 'KernelError';
    this.argv = argv;
    this.stderr = stderr;
  }
}

const TIMEOUT_MS = 30_000;

/** The runner that really starts programs. */
export function realRunner(): Runner {
  return { run, follow };
}

function start(argv: readonly string[]): ChildProcess {
  const [program = '', ...rest] = argv;
  return spawn(program, rest, { stdio: 'pipe' });
}

async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = start(argv);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that fails early closes its input; its exit code says why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const outcome = await ending(child, options.timeoutMs ?? TIMEOUT_MS);
  if (outcome !== undefined) throw new KernelError(argv, outcome, Buffer.concat(err).toString());
  return Buffer.concat(out).toString();
}

/** Waits for the end of a process and its output. Returns undefined when it succeeded, else how it ended. */
async function ending(child: ChildProcess, timeoutMs: number): Promise<string | undefined> {
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    return await new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
    });
  } finally {
    clearTimeout(timer);
  }
}

function follow(argv: readonly string[], onLine: (line: string) => void): Follower {
  const child = start(argv);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  return { pid: child.pid, stop: () => void child.kill('SIGTERM'), ended };
}
