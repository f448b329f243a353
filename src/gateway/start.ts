/**
 * A running gateway: rows from disk into the kernel, then from control, for as long as the process lives. When it ends,
 * tunnels, routes and rules stay as they are and go on without it (AVL-4).
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../net/clock.ts';
import { signBytes } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import { openWriter } from '../kernel/elements.ts';
import { bothForeign } from '../kernel/listen.ts';
import { type Foreign, nftTable } from '../kernel/nft.ts';
import type { Runner } from '../kernel/run.ts';
import { readContacts } from '../kernel/wg.ts';
import { enroll } from '../wire/enroll.ts';
import { type Identity, type Keys, loadKeys, obtainIdentity } from '../wire/identity.ts';
import { type Instruction, type Link, connectLink } from '../wire/link.ts';
import { type FromDaemonJson, helloBytes } from '../wire/sync.ts';
import { AGENTS_DEVICE } from './compile.ts';
import { type Disk, openDisk } from './disk.ts';
import { type Enforcer, openEnforcer } from './enforce.ts';
import { type Hits, newHits, readLimited } from './limits.ts';
import { type Probes, startProbes } from './probes.ts';
import type { Limits } from './rules.ts';
import { ALL_SHARDS, TABLE } from './shards.ts';
import { type Sweep, startSweep } from './sweep.ts';
import { type Sync, openSync } from './sync.ts';
import { tunnelDevices } from './tunnels.ts';

export interface GatewayOptions {
  /** Control's base URL. */
  readonly controlUrl: string;
  readonly stateDir: string;
  /** `address:port` at which agents reach this gateway. */
  readonly endpoint: string;
  /** File with a single-use token, for a gateway that has no identity yet. */
  readonly tokenFile: string | undefined;
  /** The interface that leads outside; that of the default route when undefined. */
  readonly uplink: string | undefined;
  readonly limits: Limits;
  readonly pools: Pools;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Gateway {
  /** Ends the daemon and leaves tunnels and rules in place. */
  close(): Promise<void>;
}

const ENROL_AGAIN_MS = 2000;
const WATCH_MS = 3000;
const CHECK_MS = 2000;
const LIMITS_MS = 5000;

/** From one unit of a sweep to the next while units are small, and how much of one core comparing large ones takes: 2 %. */
const SHARD_MS = 1000;
const SHARDS_SHARE = 0.012;
const TUNNEL_MS = 500;
const TUNNELS_SHARE = 0.005;
const CONTACTS_MS = 1000;
const CONTACTS_SHARE = 0.003;

/** As much as a message to control takes of each; see `wire/sync`. */
const MAX_WHAT = 100;
const MAX_DETAIL = 2000;
const MAX_HITS = 10_000;

/** What the parts of one running gateway share. */
interface Context {
  readonly options: GatewayOptions;
  readonly keys: Keys;
  readonly identity: Identity;
  readonly sync: Sync;
  readonly enforcer: Enforcer;
  readonly send: (message: FromDaemonJson) => boolean;
  /** What is in force was not told: the kernel lacked something, or control was out of reach. */
  isOwed: boolean;
}

/**
 * Starts the gateway: enrols it when it is new, brings the kernel to the state on disk, then connects. Resolves when it
 * holds. Throws NotEnrolled or EnrollmentError when it cannot enrol; waits while control is out of reach.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { runner, log } = options;
  const writer = openWriter();
  const keys = await loadKeys(options.stateDir);
  const identity = await identify(options, keys);
  const disk = openDisk(join(options.stateDir, 'state.db'));
  let link: Link | undefined;
  const send = (message: FromDaemonJson) => link?.send(message) ?? false;
  const table = nftTable(runner, TABLE, randomInt(1, 2 ** 31), writer);
  const enforcer = openEnforcer({
    ...options,
    table,
    tunnelKey: keys.tunnel.privateKey,
    port: Number(options.endpoint.split(':')[1]),
    address: identity.address,
    report: (what, detail) => {
      log.warn({ what, detail: detail.slice(0, MAX_DETAIL) }, 'repaired');
      send({ type: 'repaired', what: what.slice(0, MAX_WHAT), detail: detail.slice(0, MAX_DETAIL) });
    },
  });
  const sync = openSync({
    disk,
    enforcer,
    onInForce: () => acknowledge(context),
    onBroken: (reason) => log.error({ reason }, 'the rows on disk are of no use; all are asked for'),
  });
  const context: Context = { isOwed: false, options, keys, identity, sync, enforcer, send };
  const repair = gathered(async (what) => {
    if (sync.isKnown()) await enforcer.foreign(what);
  });
  const watching = table.watch(repair);
  // What somebody changes after the rules are loaded has to be seen; but nothing waits for ever for that.
  await Promise.race([watching.ready, sleep(WATCH_MS)]);
  const begun = sync.begin();
  const probes = startProbes({
    address: identity.address,
    agents: () => sync.state().agents,
    readContacts: () => readContacts(runner, AGENTS_DEVICE),
    send,
  });
  // A start with many routes takes a while, and what is withdrawn meanwhile must not wait for it.
  link = connect(context, probes);
  await begun;
  const checks = [every(CHECK_MS, () => check(context)), every(LIMITS_MS, limitReporter(context))];
  const sweeps = [
    startSweep(shardSweep(context), log),
    startSweep(tunnelSweep(context), log),
    startSweep(contactSweep(probes), log),
  ];
  log.info({ gateway: identity.number, revision: sync.revision() }, 'gateway started');
  return { close: () => close(link, [sync, ...checks, ...sweeps, watching, probes, writer], disk) };
}

async function close(
  link: Link | undefined,
  parts: readonly { stop(): void | Promise<void> }[],
  disk: Disk,
): Promise<void> {
  // The link waits for a message that is being taken, and that may wait for the kernel.
  await Promise.all([link?.close(), ...parts.map((part) => part.stop())]);
  disk.close();
}

function identify(options: GatewayOptions, keys: Keys): Promise<Identity> {
  const { controlUrl: url, stateDir, tokenFile, endpoint, log } = options;
  const onWait = (reason: string) => log.warn({ reason }, 'cannot enrol yet');
  const waitMs = ENROL_AGAIN_MS;
  return obtainIdentity({ kind: 'gateway', url, stateDir, tokenFile, endpoint, enroll, onWait, waitMs }, keys);
}

function connect(context: Context, probes: Probes): Link {
  const { options, keys, identity, sync } = context;
  return connectLink({
    url: options.controlUrl,
    hello: (nonce) => ({
      type: 'hello',
      kind: 'gateway',
      id: identity.id,
      signature: signBytes(keys.identity.privateKey, helloBytes('gateway', identity.id, nonce)),
      have: sync.revision(),
      clock: options.clock.now(),
    }),
    onMessage: (message, hasMore) => receive(context, message, hasMore),
    onState: (connected, reason) => {
      options.log.info({ connected, reason }, 'control');
      if (!connected) return;
      sync.restart();
      acknowledge(context);
      probes.tellAll();
    },
  });
}

async function receive(context: Context, message: Instruction, hasMore: boolean): Promise<void> {
  const { log } = context.options;
  switch (message.type) {
    case 'snapshot':
    case 'delta':
      return context.sync.take(message, hasMore);
    case 'refused':
      log.error({ code: message.code, detail: message.detail }, 'refused by control');
      return;
    case 'agent-state':
      throw new Error('control sent an agent’s state to a gateway');
  }
}

/** Says what the kernel holds; nothing while it lacks a part of it: then the first check does that finds it whole. */
function acknowledge(context: Context): void {
  const { sync, enforcer, send } = context;
  const isTold = sync.inForce() > 0 && enforcer.isWhole() && send({ type: 'ack', revision: sync.inForce() });
  context.isOwed = !isTold;
}

async function check(context: Context): Promise<void> {
  // The kernel keeps what it has until there is something to bring it to.
  if (!context.sync.isKnown()) return;
  await context.enforcer.check();
  if (context.isOwed) acknowledge(context);
}

/** The users' elements: drift that no event told. */
function shardSweep({ sync, enforcer }: Context): Sweep<number> {
  const units = () => (sync.isKnown() ? ALL_SHARDS : []);
  const compare = (shard: number) => enforcer.sweepShard(shard);
  return { name: 'elements', units, compare, pauseMs: SHARD_MS, share: SHARDS_SHARE };
}

/** Interfaces and their peers, of which the kernel tells no events. */
function tunnelSweep({ sync, enforcer }: Context): Sweep<string> {
  const units = () => (sync.isKnown() ? tunnelDevices(sync.state()) : []);
  const compare = (dev: string) => enforcer.sweepTunnel(dev);
  return { name: 'tunnels', units, compare, pauseMs: TUNNEL_MS, share: TUNNELS_SHARE };
}

/** Agents that have dialled in, as far as probes have to know. */
function contactSweep(probes: Probes): Sweep<string> {
  const compare = () => probes.lookForContacts();
  return { name: 'contacts', units: () => [AGENTS_DEVICE], compare, pauseMs: CONTACTS_MS, share: CONTACTS_SHARE };
}

function limitReporter({ options, send }: Context): () => Promise<void> {
  let last: Hits = new Map();
  return async () => {
    const now = await readLimited(options.runner);
    const hits = newHits(last, now).slice(0, MAX_HITS);
    // What could not be said is said the next time.
    if (hits.length === 0 || send({ type: 'limits', hits })) last = now;
  };
}

/** Runs a task again and again, the next after the last has ended. `stop` waits for the one that runs. */
function every(ms: number, task: () => Promise<void>): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
      // A failure shows in what the task is for, and the next turn tries again.
      if (!stopping.signal.aborted) await task().catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Runs a task for many calls in a row once, and once more for all that came while it ran. */
function gathered(task: (what: Foreign) => Promise<void>): (what: Foreign) => void {
  let waiting: Foreign | undefined;
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    for (let what = waiting; what !== undefined; what = waiting) {
      waiting = undefined;
      await task(what);
    }
    isRunning = false;
  };
  return (what) => {
    waiting = waiting === undefined ? what : bothForeign(waiting, what);
    if (!isRunning) void run();
  };
}
