/**
 * `kernel` owns every process that Parkway starts, and the spelling of `wg`, `ip` and `nft`: argument lists only, never a
 * shell, secrets through standard input. Everything else takes a `Runner`; tests give the one of `fake.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
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

/** How long a program may run unless it is told otherwise, ms. */
export const TIMEOUT_MS = 30_000;

/** The runner that really starts programs. */
export function realRunner(): Runner {
  return { run, follow };
}

function start(argv: readonly string[], input: number | 'ignore'): ChildProcess {
  const [program = '', ...rest] = argv;
  return spawn(program, rest, { stdio: [input, 'pipe', 'pipe'] });
}

async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const input = options.input === undefined ? 'ignore' : openMemory(options.input);
  const child = start(argv, input);
  if (input !== 'ignore') closeSync(input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const outcome = await ending(child, options.timeoutMs ?? TIMEOUT_MS);
  if (outcome !== undefined) throw new KernelError(argv, outcome, Buffer.concat(err).toString());
  return Buffer.concat(out).toString();
}

/**
 * Opens a text for reading, as a file in memory that has no name any more. Returns its descriptor. What Node calls a pipe is a socket, and `wg`
 * cannot open that by the name `/dev/stdin`.
 */
export function openMemory(text: string): number {
  const path = `/dev/shm/parkway-${randomUUID()}`;
  writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  try {
    return openSync(path, 'r');
  } finally {
    unlinkSync(path);
  }
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
  const child = start(argv, 'ignore');
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  return { pid: child.pid, stop: () => void child.kill('SIGTERM'), ended };
}
