import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, writeSync } from 'node:fs';

/** A process that is started again whenever it ends. */
export interface Kept {
  readonly name: string;
  /** How often it was started again. */
  restarts(): number;
  /** Whether it runs now. */
  alive(): boolean;
  /** Kills it, and starts it no more. */
  leave(): void;
}

export interface KeepOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** File that receives what it prints, and a line for each end. */
  readonly log: string;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Who lived this long is started again at once after FIRST_PAUSE_MS. */
const HEALTHY_MS = 5000;

/** Starts a process and keeps it running. */
export function keep({ name, argv, env, log }: KeepOptions): Kept {
  const [command = '', ...args] = argv;
  const file = openSync(log, 'a', 0o600);
  let [restarts, pause, alive, left] = [0, FIRST_PAUSE_MS, false, false];
  let timer: NodeJS.Timeout | undefined;
  let child: ChildProcess | undefined;

  const start = () => {
    const born = performance.now();
    // A session of its own: what is typed at the terminal is for the supervisor only.
    child = spawn(command, args, { env: { ...env }, detached: true, stdio: ['ignore', file, file] });
    alive = true;
    let over = false;
    const again = (how: string) => {
      if (over) return;
      over = true;
      alive = false;
      if (left) return;
      pause = performance.now() - born > HEALTHY_MS ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      writeSync(file, `lab: ${name} ended with ${how}; starting again in ${pause} ms\n`);
      restarts += 1;
      timer = setTimeout(start, pause);
    };
    child.once('error', (error) => again(error.message));
    child.once('exit', (code, signal) => again(String(signal ?? code)));
  };
  start();

  return {
    name,
    restarts: () => restarts,
    alive: () => alive,
    leave: () => {
      if (left) return;
      left = true;
      clearTimeout(timer);
      closeSync(file);
      // What enters a host stops with a daemon that somebody stops, and a host does not end while that waits for its child.
      child?.kill('SIGKILL');
    },
  };
}
