import { chmod, mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { realRunner } from '../kernel/run.ts';
import { CONTROL_PORT, type DaemonDeps } from './daemons.ts';
import { openDoor } from './door.ts';
import { prepareAccount } from './device/ssh.ts';
import { ask, controlAnswers, healthy } from './health.ts';
import { hostsOf } from './hosts.ts';
import { freeNet, machineDeviceOf } from './machine.ts';
import { networkOf } from './network.ts';
import { type Places, placesOf } from './places.ts';
import { loadSecrets } from './secrets.ts';
import { type Apis, seed } from './seed/seed.ts';
import { type Beside, loadBeside, readBeside } from './size/beside.ts';
import type { Size } from './size/installation.ts';
import { listenForOrders, NoLab, order, type Order } from './socket.ts';
import { type Status, statusOf } from './status.ts';
import { topologyOf } from './topology.ts';

export interface LabOptions {
  /** Folder of all labs of the machine. */
  readonly base: string;
  readonly name: string;
  readonly gateways: readonly string[];
  /** Whether to go on with what the last lab of this name left, instead of a new one. */
  readonly resume: boolean;
  /** What to load beside the lab's own accounts and plants. */
  readonly size: Size | undefined;
  /** Told of each step. */
  readonly say: (line: string) => void;
}

/** A lab that this process holds: it ends with the process, however that ends. */
export interface Lab {
  /**
   * Brings everything up; resolves when all of it works, with undefined when it was taken down meanwhile. Takes it down
   * and throws when that fails.
   */
  start(): Promise<Status | undefined>;
  /** Takes it down; nothing is left but the state directory. */
  down(): Promise<void>;
  /** Resolves when it was taken down, by whoever. */
  readonly ended: Promise<void>;
}

const STATUS_WITHIN_MS = 5000;

/** Prepares a lab in this process. Throws when one of this name is up. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const places = placesOf(options.base, options.name);
  await refuseSecond(places);
  let beside: Beside | undefined = options.resume ? await readBeside(places) : undefined;
  if (beside !== undefined && options.size !== undefined)
    throw new Error(`The lab ${places.name} has ${beside.routes} routes beside already. Resume it without --size.`);
  if (!options.resume) await rm(places.directory, { recursive: true, force: true });
  // The database's user must pass through; the files inside are closed.
  await mkdir(places.logs, { recursive: true });
  await chmod(places.directory, 0o711);
  await rm(places.socket, { force: true });

  const runner = realRunner();
  const machineDevice = machineDeviceOf(places.directory);
  const net = await freeNet(runner, places.directory);
  const topology = topologyOf({ gateways: options.gateways, net });
  const network = networkOf(topology, machineDevice, runner);
  const url = `http://${topology.controlAddress}:${CONTROL_PORT}`;
  const door = await openDoor(net, { host: topology.controlAddress, port: CONTROL_PORT });
  const secrets = await loadSecrets(places.secrets);
  const account = await prepareAccount(places.host('devices'), secrets.device, runner);
  const deps: DaemonDeps = { places, secrets, account, runner, url, publicUrl: door.url };
  const hosts = hostsOf(topology, network, machineDevice, deps);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let state: Status['state'] = 'starting';
  let apis: Apis | undefined;
  const closing = new AbortController();

  const status = async (): Promise<Status> => {
    const asking = apis && ask(apis.platform, apis.administrators).catch(() => undefined);
    const installation = await Promise.race([asking, delay(STATUS_WITHIN_MS, undefined, { ref: false })]);
    return statusOf({
      places,
      topology,
      hosts,
      secrets,
      account,
      url: door.url,
      api: url,
      state,
      installation,
      beside,
    });
  };

  const bringUp = async (): Promise<Status> => {
    const began = performance.now();
    const say = (line: string) =>
      options.say(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
    say(`${topology.hosts.length} hosts and the network between them`);
    await network.up();
    await hosts.record();
    say('control and its database');
    await hosts.run('control');
    const devices = Promise.all(
      topology.hosts.filter(({ role }) => role === 'device').map(({ name }) => hosts.run(name)),
    );
    await controlAnswers(url, closing.signal);
    apis = await seed({ deps, hosts, gateways: options.gateways, say });
    const { platform, administrators } = apis;
    await devices;
    await healthy(apis, options.gateways, say, closing.signal);
    if (options.size !== undefined) {
      const gateways = () =>
        ask(platform, administrators).then(
          (asked) => asked.gateways,
          () => undefined,
        );
      beside = await loadBeside(options.size, { places, gateways, say, signal: closing.signal });
      await healthy(apis, options.gateways, say, closing.signal);
    }
    state = 'up';
    say('everything works');
    return status();
  };

  const down = async () => {
    if (closing.signal.aborted) return ended;
    closing.abort();
    hosts.leave();
    door.close();
    await network.down();
    server.close();
    await Promise.all([rm(places.socket, { force: true }), rm(places.runtime, { force: true })]);
    end();
  };

  const start = async (): Promise<Status | undefined> => {
    try {
      return await Promise.race([bringUp(), ended.then(() => undefined)]);
    } catch (error) {
      if (closing.signal.aborted) return undefined;
      await down();
      throw error;
    }
  };

  const inTurn = queue();
  const obey = async (what: Order): Promise<unknown> => {
    if (what.order === 'status') return status();
    if (what.order === 'fail') return inTurn(() => hosts.fail(what.host, what.silent));
    if (what.order === 'restore') return inTurn(() => hosts.restore(what.host));
    // The answer has to leave before this process does.
    setImmediate(() => void down());
    return undefined;
  };
  const server = await listenForOrders(places.socket, obey);
  return { start, down, ended };
}

/** Throws when a lab of this name is up. */
export async function refuseSecond(places: Places): Promise<void> {
  try {
    await order(places.socket, { order: 'status' });
  } catch (error) {
    if (error instanceof NoLab) return;
    throw error;
  }
  throw new Error(`The lab ${places.name} is up already. Take it down with: parkway lab down`);
}

/** Runs jobs one after the other, in the order in which they came. */
function queue(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(job, job);
    last = next.catch(() => undefined);
    return next;
  };
}
