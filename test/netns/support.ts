/**
 * Machines for tests on the real kernel: each is a process tree in network, mount and process namespaces of its own, with
 * its own /run, and all of it is gone with its first process.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { vi } from 'vitest';
import { inside } from '../../src/lab/inside.ts';

/** What a command said, whether it succeeded or not. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

/** A machine that one can be on, whoever booted it. */
export interface Place {
  readonly name: string;
  /** Process id of its first process. */
  readonly init: number;
  /** Runs a shell line to its end. */
  sh(line: string, input?: string): Promise<Outcome>;
  /** Starts a program that goes on; its output is collected. */
  start(argv: readonly string[], env?: Record<string, string>): Running;
}

/** A machine of our own. */
export interface Machine extends Place {
  kill(): Promise<void>;
}

/** A program that goes on. */
export interface Running {
  output(): string;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Kills it with -9. */
  end(): Promise<void>;
}

const BOOT = 'mount -t tmpfs t /run && mkdir /run/wireguard && ip link set lo up && echo ready && exec sleep infinity';

/** Boots a machine without any interface but `lo`. */
export async function bootMachine(name: string): Promise<Machine> {
  const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...flags, 'sh', '-c', BOOT], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  const init = await childOf(child.pid ?? 0);
  return {
    ...placeOf(name, init),
    kill: async () => {
      const gone = once(child, 'exit');
      process.kill(init, 'SIGKILL');
      await gone;
    },
  };
}

/** The machine whose first process has this id. */
export function placeOf(name: string, init: number): Place {
  return {
    name,
    init,
    sh: (line, input = '') => run(inside(init, ['sh', '-c', line]), input),
    start: (argv, env = {}) => {
      const [command = '', ...rest] = inside(init, argv);
      return follow(spawn(command, rest, { env: { ...process.env, ...env } }));
    },
  };
}

function run([command = '', ...argv]: readonly string[], input: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const running = execFile(command, argv, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: stdout + stderr }),
    );
    running.stdin?.on('error', () => undefined).end(input);
  });
}

async function childOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
}

function follow(child: ChildProcess): Running {
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()));
  const exited = once(child, 'exit');
  return {
    output: () => text,
    say: (line) => child.stdin?.write(`${line}\n`),
    end: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs a line that must succeed. */
export async function must(machine: Place, line: string, input?: string): Promise<string> {
  const { ok, text } = await machine.sh(line, input);
  if (!ok) throw new Error(`${machine.name}: ${line}: ${text}`);
  return text;
}

/** One end of a cable: `address` with its length. */
export type End = readonly [machine: Machine, dev: string, address: string];

/** Connects two machines, and brings both ends up. */
export async function cable(near: End, far: End): Promise<void> {
  const made = await run(
    [
      'nsenter',
      `--target=${near[0].init}`,
      '--net',
      'ip',
      'link',
      'add',
      near[1],
      'type',
      'veth',
      'peer',
      'name',
      far[1],
      'netns',
      String(far[0].init),
    ],
    '',
  );
  if (!made.ok) throw new Error(made.text);
  for (const [machine, dev, address] of [near, far])
    await must(machine, `ip addr add ${address} dev ${dev} && ip link set ${dev} up`);
}

/** Waits until a check does not throw. */
export function until<T>(check: () => T | Promise<T>, timeout = 10_000): Promise<T> {
  return vi.waitFor(check, { timeout, interval: 50 });
}

/**
 * Counts the packets on an interface that match, from before something is done until it is done, `least` have come and
 * `settleMs` have passed.
 */
export async function countOn(
  machine: Place,
  dev: string,
  filter: string,
  during: () => Promise<unknown>,
  settleMs = 300,
  least = 0,
): Promise<number> {
  const capture = machine.start(['tcpdump', '-l', '-n', '--immediate-mode', '-i', dev, filter]);
  const seen = () =>
    capture
      .output()
      .split('\n')
      .filter((line) => / IP /.test(line)).length;
  try {
    await until(() => {
      if (!capture.output().includes('listening on')) throw new Error('tcpdump is not ready');
    });
    await during();
    await until(() => {
      if (seen() < least) throw new Error(`${seen()} of ${least} packets have come`);
    });
    await new Promise((resolve) => setTimeout(resolve, settleMs));
  } finally {
    await capture.end();
  }
  return seen();
}
