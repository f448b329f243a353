import type { Runner } from '../kernel/run.ts';
import { bootHost, killHost, type RunningHost } from './host.ts';
import { inside } from './inside.ts';
import type { Host, Link, Topology } from './topology.ts';
import { bridgeBatch, cableBatch, cutBatch, endsBatch, routerRules } from './wire.ts';

/** The hosts of a lab and the cables between them, on the machine. */
export interface Network {
  /** Boots every host and plugs every cable. */
  up(): Promise<void>;
  /** Boots a host that is down and plugs its cables again. */
  boot(name: string): Promise<void>;
  /** Kills a host: its processes and its namespaces, with -9. Its ports at the switches stay. */
  kill(name: string): Promise<void>;
  /** Cuts a host off, or back on: its packets vanish while its processes live and no carrier is lost. */
  silence(name: string, silent: boolean): Promise<void>;
  /** Kills every host. */
  down(): Promise<void>;
  /** Process id of a host's init; undefined while it is down. */
  init(name: string): number | undefined;
}

/**
 * @param machineDevice name of the machine's own end of its cable to control
 */
export function networkOf(topology: Topology, machineDevice: string, runner: Runner): Network {
  const running = new Map<string, RunningHost>();
  const hosts = new Map(topology.hosts.map((host) => [host.name, host]));
  const init = (name: string) => running.get(name)?.init;

  const ip = async (name: string, batch: string, ...flags: string[]) => {
    const pid = init(name);
    if (pid !== undefined && batch !== '')
      await runner.run(inside(pid, ['ip', ...flags, '-batch', '-']), { input: batch });
  };

  const start = async (host: Host) => {
    running.set(host.name, await bootHost(host));
    await ip(host.name, bridgeBatch(host));
    const pid = init(host.name);
    if (host.hides !== undefined && pid !== undefined)
      await runner.run(inside(pid, ['nft', '-f', '-']), { input: routerRules(host.hides) });
  };

  /** Plugs cables whose hosts both run, and sets up the ends. */
  const plug = async (links: readonly Link[]) => {
    const ready = links.filter(({ near, far }) => running.has(near.host) && running.has(far.host));
    await runner.run(['ip', '-batch', '-'], { input: cableBatch(ready, (name) => init(name) ?? 0) });
    const touched = new Set(ready.flatMap(({ near, far }) => [near.host, far.host]));
    // Routes of one host lead over cables of another: the ends are set up first everywhere.
    await Promise.all([...touched].map(async (name) => ip(name, endsBatch(hostOf(name), ready))));
  };

  const plugMachine = async () => {
    const pid = init('control');
    if (pid === undefined) return;
    await runner.run([
      'ip',
      'link',
      'add',
      machineDevice,
      'type',
      'veth',
      'peer',
      'name',
      'host0',
      'netns',
      String(pid),
    ]);
    const batch = `address add ${topology.machineAddress}/30 dev ${machineDevice}\nlink set ${machineDevice} up\n`;
    await runner.run(['ip', '-batch', '-'], { input: batch });
    await ip('control', `address add ${topology.controlAddress}/30 dev host0\nlink set host0 up\n`);
  };

  const hostOf = (name: string): Host => {
    const host = hosts.get(name);
    if (host === undefined) throw new RangeError(`there is no host ${name}`);
    return host;
  };

  const linksOf = (name: string) => topology.links.filter(({ near, far }) => near.host === name || far.host === name);

  const kill = async (name: string) => {
    const host = running.get(name);
    if (host === undefined) return;
    running.delete(name);
    await killHost(host);
    // The kernel takes its time to dismantle namespaces; the names of the ports must be free for a restore.
    await Promise.all(linksOf(name).map(({ near, far }) => removeEnd(name === near.host ? far : near)));
  };
  const removeEnd = async ({ host, device }: { host: string; device: string }) =>
    ip(host, `link del ${device}\n`, '-force').catch(() => undefined);

  return {
    init,
    kill,
    up: async () => {
      await Promise.all(topology.hosts.map(start));
      await plug(topology.links);
      await plugMachine();
    },
    boot: async (name) => {
      await start(hostOf(name));
      await plug(linksOf(name));
      if (name === 'control') await plugMachine();
    },
    silence: async (name, silent) => {
      await Promise.all(
        linksOf(name).map(async (link) => ip(link.far.host, cutBatch(hostOf(link.far.host), [link], silent))),
      );
      if (name === 'control') await runner.run(['ip', 'link', 'set', machineDevice, silent ? 'down' : 'up']);
    },
    down: async () => {
      const all = [...running.values()];
      running.clear();
      // Dismantling of namespaces goes on behind our back; what the machine sees of it ends now.
      await runner.run(['ip', 'link', 'del', machineDevice]).catch(() => undefined);
      await Promise.all(all.map(killHost));
    },
  };
}
