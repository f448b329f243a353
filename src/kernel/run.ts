/**
 * `kernel` is the only place that starts processes, from argument arrays and never by a shell: `wg`, `ip`, `nft`, and the
 * database server. Everything else is given a `Runner`.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts processes. */
export interface Runner {
  /** Runs a command to its end and returns what it printed. Throws `KernelError` when it fails or takes too long. */
  run(argv: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>;
  /** Runs a command that goes on, and hands over each line that it prints. */
  follow(
    argv: readonly string[],
    onLine: (line: string) => void,
  ): { pid: number | undefined; stop(): void; ended: Promise<void> };
}

/** A command that failed, with what it said. */
export class KernelError extends Error {
  readonly argv: readonly string[];
  readonly stderr: string;
  constructor(argv: readonly string[], stderr: string) {
    super(`${argv.join(' ')}: ${stderr.trim()}`);
    this.name = 'KernelError';
    this.argv = argv;
    this.stderr = stderr;
  }
}

const TIMEOUT = 30_000;

/** The Runner that really starts them. */
export function realRunner(): Runner {
  return { run, follow };
}

const run: Runner['run'] = ([command = '', ...args], { input = '', timeoutMs = TIMEOUT } = {}) =>
  new Promise((resolve, reject) => {
    const argv = [command, ...args];
    const child = spawn(command, args, { timeout: timeoutMs, killSignal: 'SIGKILL' });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', (error) => reject(new KernelError(argv, error.message)));
    child.on('close', (code, signal) =>
      code === 0 ? resolve(out) : reject(new KernelError(argv, err === '' ? `ended with ${code ?? signal}` : err)),
    );
    // A command that does not read its input closes the pipe; its exit code says the rest.
    child.stdin.on('error', () => undefined).end(input);
  });

const follow: Runner['follow'] = ([command = '', ...args], onLine) => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', onLine);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  return { pid: child.pid, stop: () => void child.kill('SIGTERM'), ended };
};
