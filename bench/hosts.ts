import { randomBytes } from 'node:crypto';
import { type Runner, realRunner } from '../src/kernel/run.ts';
import { bootHost, killHost } from '../src/lab/host.ts';
import { inside } from '../src/lab/inside.ts';
import { untilLeft } from './leave.ts';

/** A host of a bench's own: namespaces with nothing in them but `lo`. */
export interface BenchHost {
  /** Process id of its init. */
  readonly init: number;
  /** Runs programs on it. */
  readonly runner: Runner;
  readonly down: () => Promise<void>;
}

/** One end of a cable. */
export interface End {
  readonly init: number;
  readonly dev: string;
  readonly mac: string;
}

/** Boots a host. It is gone with this process, however that ends, or by `down`. */
export async function bootBenchHost(name: string): Promise<BenchHost> {
  const host = await bootHost({ name, address: '', addresses: [], routes: [], bridges: [], role: 'edge' });
  return { init: host.init, runner: runnerAt(host.init), down: untilLeft(() => killHost(host)) };
}

/** Runs programs on the host whose init this is. */
export function runnerAt(init: number): Runner {
  const real = realRunner();
  return {
    run: (argv, options) => real.run(inside(init, argv), options),
    follow: (argv, onLine) => real.follow(inside(init, argv), onLine),
  };
}

/** Connects two hosts with a veth pair. Neither end is up yet. */
export async function cable(near: End, far: End): Promise<void> {
  const words = ({ init, dev, mac }: End) => [dev, 'address', mac, 'netns', String(init)];
  await realRunner().run(['ip', 'link', 'add', ...words(near), 'type', 'veth', 'peer', 'name', ...words(far)]);
}

/** A hardware address that nobody else has. */
export function newMac(): string {
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** Runs lines of `ip -batch` on a host. */
export async function ipLines({ runner }: Pick<BenchHost, 'runner'>, lines: readonly string[]): Promise<void> {
  await runner.run(['ip', '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
}
