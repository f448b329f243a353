import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, type DaemonDeps, daemonsOf } from './daemons.ts';
import { networkIdentity } from './host.ts';
import { inside } from './inside.ts';
import { keep, type Kept } from './keep.ts';
import type { Network } from './network.ts';
import type { Runtime } from './places.ts';
import type { Host, Topology } from './topology.ts';

export type HostState = 'up' | 'down' | 'silent';

/** The hosts of a lab with what runs on them. */
export interface Hosts {
  /** Starts the daemons of a host, unless they run. */
  run(name: string): Promise<void>;
  fail(name: string, silent: boolean): Promise<void>;
  restore(name: string): Promise<void>;
  state(name: string): HostState;
  daemons(name: string): { readonly name: string; readonly alive: boolean; readonly restarts: number }[];
  /** Writes down how to enter each host. */
  record(): Promise<void>;
  /** Starts nothing any more. */
  leave(): void;
}

export function hostsOf(topology: Topology, network: Network, machineDevice: string, deps: DaemonDeps): Hosts {
  const kept = new Map<string, Kept[]>();
  const states = new Map<string, HostState>();
  // Hosts whose daemons were started on purpose: a restore starts them again.
  const wanted = new Set<string>();

  const hostOf = (name: string): Host => {
    const host = topology.hosts.find((one) => one.name === name);
    if (host !== undefined) return host;
    const names = topology.hosts.filter(({ role }) => role !== 'router').map((one) => one.name);
    throw new Error(`There is no host ${name}. There are: ${names.join(', ')}`);
  };
  const state = (name: string) => states.get(name) ?? 'up';

  const launch = (name: string, init: number, { name: program, argv, env }: Daemon) =>
    keep({
      name: program,
      argv: inside(init, argv),
      env,
      log: join(deps.places.logs, `${name}.${program.replaceAll('/', '-')}.log`),
    });

  const run = async (name: string) => {
    wanted.add(name);
    const init = network.init(name);
    if (init === undefined || kept.has(name)) return;
    const daemons = await daemonsOf(hostOf(name), deps);
    kept.set(
      name,
      daemons.map((daemon) => launch(name, init, daemon)),
    );
  };

  const record = async () => {
    const hosts: Runtime['hosts'] = {};
    for (const { name, role } of topology.hosts) {
      const init = network.init(name);
      const identity = init === undefined ? undefined : networkIdentity(init);
      if (init !== undefined && identity !== undefined) hosts[name] = { init, network: identity, role };
    }
    const runtime: Runtime = { supervisor: process.pid, machineDevice, hosts };
    const draft = `${deps.places.runtime}.new`;
    await writeFile(draft, JSON.stringify(runtime), { mode: 0o600 });
    await rename(draft, deps.places.runtime);
  };

  const stop = (name: string) => {
    for (const one of kept.get(name) ?? []) one.leave();
    kept.delete(name);
  };

  return {
    run,
    record,
    state,
    fail: async (name, silent) => {
      hostOf(name);
      if (state(name) === 'down')
        throw new Error(`${name} is down already. Bring it back with: parkway lab restore ${name}`);
      if (silent) {
        await network.silence(name, true);
        states.set(name, 'silent');
        return;
      }
      states.set(name, 'down');
      stop(name);
      await network.kill(name);
      await record();
    },
    restore: async (name) => {
      hostOf(name);
      if (state(name) === 'up') throw new Error(`${name} is up.`);
      if (state(name) === 'silent') await network.silence(name, false);
      else await network.boot(name);
      states.set(name, 'up');
      if (wanted.has(name)) await run(name);
      await record();
    },
    daemons: (name) =>
      (kept.get(name) ?? []).map((one) => ({ name: one.name, alive: one.alive(), restarts: one.restarts() })),
    leave: () => {
      for (const name of kept.keys()) stop(name);
    },
  };
}
