import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { childOf, networkIdentity } from './host.ts';
import { inside } from './inside.ts';
import { type Places, type Runtime, runtimeSchema } from './places.ts';
import { NoLab } from './socket.ts';

/** Signals that a command on a host is to receive when we do. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * The init of a host, without asking the supervisor. Throws NoLab when the lab is not up, Error when the host is down
 * or unknown.
 */
export async function initOf(places: Places, name: string): Promise<{ init: number; role: string }> {
  const runtime = await readRuntime(places);
  const host = runtime.hosts[name];
  if (host !== undefined && networkIdentity(host.init) === host.network) return host;
  if (networkIdentity(runtime.supervisor) === undefined)
    throw new NoLab('The lab is not up. Start it with: parkway lab up');
  const names = Object.entries(runtime.hosts).filter(([, { role }]) => role !== 'router');
  throw new Error(`${name} is down, or there is no such host. Up are: ${names.map(([up]) => up).join(', ')}`);
}

/** Reads how to enter the hosts of a lab. Throws NoLab when it is not up. */
export async function readRuntime(places: Places): Promise<Runtime> {
  const text = await readFile(places.runtime, 'utf8').catch((cause: unknown) => {
    throw new NoLab('The lab is not up. Start it with: parkway lab up', { cause });
  });
  return runtimeSchema.parse(JSON.parse(text));
}

/**
 * Runs a command on a host with our standard input, output and terminal. Returns its exit code, 128 + n when signal n
 * ended it.
 */
export async function execute(init: number, argv: readonly string[], directory: string): Promise<number> {
  const [command = '', ...args] = inside(init, argv, directory);
  const child = spawn(command, args, { stdio: 'inherit' });
  const passOn = (signal: NodeJS.Signals) => {
    try {
      process.kill(childOf(child.pid ?? 0), signal);
    } catch {
      // It got the signal by itself, as one of a process group, or has just ended.
    }
  };
  // Ctrl-C at a terminal reaches the command by itself, and it is the command that decides what to make of it.
  process.on('SIGINT', () => undefined);
  for (const signal of PASSED_ON) process.on(signal, () => passOn(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
