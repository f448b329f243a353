import { setTimeout as sleep } from 'node:timers/promises';
import { formatCidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import { type PrivateKey, openSealed, toPrivateKey } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import { ipBatch, planIp, readIp } from '../kernel/ip.ts';
import type { NftTable } from '../kernel/nft.ts';
import { KernelError, type Runner } from '../kernel/run.ts';
import { ensureSysctls } from '../kernel/sysctl.ts';
import {
  type WgSettings,
  type WgState,
  configureWg,
  createWgInterface,
  readWg,
  removeWgPeers,
  setWgPeers,
} from '../kernel/wg.ts';
import type { Gone, Rows } from '../wire/state.ts';
import { PROBE_PORT } from '../wire/sync.ts';
import { openDismissal } from './dismiss.ts';
import { AGENTS_DEVICE, type Elements, type Peer, allPeers, slotDevice } from './compile.ts';
import { slotMark, uplinkRoutes, wantedNetwork, wantedSysctls, wantedTables } from './network.ts';
import { type Plan, compileAll, compileTouched, plan, planDevice } from './reconcile.ts';
import { type Frame, type Limits, elementsText, frameText, lengthText, lengthsOf } from './rules.ts';
import { type State, applyChange, touchedBy } from './state.ts';

export interface EnforceDeps {
  readonly runner: Runner;
  readonly table: NftTable;
  readonly pools: Pools;
  readonly limits: Limits;
  /** Opens the slots' keys, and is the key of the agents' interface. */
  readonly tunnelKey: PrivateKey;
  /** UDP port of the agents' interface. */
  readonly port: number;
  /** The gateway's own infrastructure address. */
  readonly address: Ip;
  /** The interface that leads outside; that of the default route when undefined. */
  readonly uplink: string | undefined;
  /** Told what was not as it should be and was repaired, or could not be done. */
  readonly report: (what: string, detail: string) => void;
}

/**
 * Keeps the kernel to the rows. Its functions run one at a time, in the order they were called, and do not fail: what could
 * not be done is reported and tried again by `check`.
 */
export interface Enforcer {
  /** Brings all of the kernel to the state: on start, after a snapshot, or when a slot changed. */
  converge(state: State): Promise<void>;
  /** Applies a change to the state and the kernel. */
  change(state: State, rows: Rows, gone: Gone): Promise<void>;
  /** Reads interfaces, addresses, rules, routes and settings back and repairs them. Lists no large set. */
  check(state: State): Promise<void>;
  /** Replaces the rule set in one transaction: somebody else changed it. */
  reload(state: State, reason: string): Promise<void>;
  /** Whether the kernel holds everything. False while it refused something. */
  isWhole(): boolean;
}

/** A new interface of wireguard-go answers a moment after its process has gone to the background. */
const READ_TRIES = 40;
const READ_PAUSE_MS = 25;

/** Makes the enforcer of this machine. */
export function openEnforcer(deps: EnforceDeps): Enforcer {
  const { runner, table, pools } = deps;
  // What the kernel would not take. It is in the state, so it has to be left out when something is withdrawn.
  const refused: Elements = new Map();
  let isPeerMissing = false;
  // Something failed half way: only a complete comparison tells what the kernel holds.
  let isBroken = false;
  let lengths = new Set<number>();
  let turn: Promise<void> = Promise.resolve();
  const dismiss = openDismissal(deps);

  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      isBroken = true;
      deps.report('failed', String(error));
    });
    return turn;
  }

  async function loadRules(state: State): Promise<void> {
    const { elements } = compileAll(state, pools);
    const used = lengthsOf(elements);
    const empty = frameText(frameOf(state, deps)) + [...used].map(lengthText).join('');
    refused.clear();
    lengths = used;
    try {
      await table.apply(empty + elementsText('add', elements));
    } catch (error) {
      if (elements.size === 0) throw error;
      // A set that lacks a grant is better than one that lacks a withdrawal.
      await table.apply(empty);
      await grant(elements);
    }
  }

  /** Adds elements; those that the kernel refuses are found by halves and set aside. */
  async function grant(elements: Elements): Promise<void> {
    if (elements.size === 0) return;
    const missing = [...lengthsOf(elements)].filter((length) => !lengths.has(length));
    try {
      await table.apply(missing.map(lengthText).join('') + elementsText('add', elements));
      for (const length of missing) lengths.add(length);
    } catch (error) {
      const list = [...elements];
      const middle = Math.ceil(list.length / 2);
      if (middle < list.length) {
        await grant(new Map(list.slice(0, middle)));
        return grant(new Map(list.slice(middle)));
      }
      for (const [key, value] of list) refused.set(key, value);
      deps.report('grant-refused', `${[...elements.keys()].join(', ')}: ${String(error)}`);
    }
  }

  /** One transaction; when it fails, the withdrawals alone, then the grants. */
  async function changeElements(state: State, { remove, add }: Plan['elements']): Promise<void> {
    const present = new Map([...remove].filter(([key]) => !refused.delete(key)));
    if (present.size === 0 && add.size === 0) return;
    const missing = [...lengthsOf(add)].filter((length) => !lengths.has(length));
    const withdraw = elementsText('delete', present);
    try {
      await table.apply(missing.map(lengthText).join('') + withdraw + elementsText('add', add));
      for (const length of missing) lengths.add(length);
    } catch {
      try {
        if (present.size > 0) await table.apply(withdraw);
      } catch (second) {
        // Somebody took away what is to be withdrawn, or the table.
        await loadRules(state);
        deps.report('rules', `replaced: ${String(second)}`);
        return;
      }
      await grant(add);
    }
  }

  async function enforce(state: State, steps: Plan): Promise<void> {
    for (const [dev, peers] of Map.groupBy(steps.removePeers, (peer) => peer.dev)) {
      await removeWgPeers(
        runner,
        dev,
        peers.map((peer) => peer.publicKey),
      ).catch((error: unknown) => failedPeers(dev, error));
    }
    await changeElements(state, steps.elements);
    for (const [dev, peers] of Map.groupBy(steps.setPeers, (peer) => peer.dev)) {
      await setWgPeers(runner, dev, peers).catch((error: unknown) => failedPeers(dev, error));
    }
  }

  /** The next check compares the whole interface and tries again. */
  function failedPeers(dev: string, error: unknown): void {
    isPeerMissing = true;
    deps.report('peers-refused', `${dev}: ${String(error)}`);
  }

  async function ensureDevice(dev: string, settings: WgSettings, wanted: readonly Peer[]): Promise<string[]> {
    const actual = await readWg(runner, dev).catch(missingDevice);
    const steps = planDevice(settings, wanted, actual);
    if (steps.create) {
      // What a dead wireguard-go leaves behind is in the way of the next one.
      await runner.run(['ip', 'link', 'del', 'dev', dev]).catch(missingDevice);
      await createWgInterface(runner, dev);
      await answering(runner, dev);
    }
    if (steps.configure) await configureWg(runner, dev, settings);
    await removeWgPeers(runner, dev, steps.remove);
    await setWgPeers(runner, dev, steps.set);
    return [
      ...(steps.create ? [`${dev} created`] : steps.configure ? [`${dev} configured`] : []),
      ...(steps.remove.length > 0 ? [`${dev}: ${steps.remove.length} peers removed`] : []),
      ...(steps.set.length > 0 ? [`${dev}: ${steps.set.length} peers set`] : []),
    ];
  }

  async function ensureDevices(state: State): Promise<string[]> {
    const peers = allPeers(state);
    const done = await ensureDevice(
      AGENTS_DEVICE,
      { privateKey: deps.tunnelKey, port: deps.port },
      peers.get(AGENTS_DEVICE) ?? [],
    );
    for (const row of state.slots.values()) {
      const dev = slotDevice(row.slot);
      const privateKey = toPrivateKey(
        'x25519',
        openSealed(deps.tunnelKey, `slot ${row.slot}`, row.sealedKey).toString('base64'),
      );
      done.push(
        ...(await ensureDevice(dev, { privateKey, port: row.port, fwmark: slotMark(row.slot) }, peers.get(dev) ?? [])),
      );
    }
    return done;
  }

  async function ensureNetwork(state: State): Promise<string[]> {
    const slots = [...state.slots.values()];
    const actual = await readIp(runner, ['main', ...wantedTables(slots)]);
    const uplinks = uplinkRoutes(
      actual.routes.filter((route) => route.table === 'main'),
      deps.uplink,
    );
    const lines = planIp(wantedNetwork({ slots, address: deps.address, pools, uplinks }), actual);
    const stale = actual.links.filter(
      ({ dev }) => /^slot\d+$/.test(dev) && !slots.some((row) => slotDevice(row.slot) === dev),
    );
    lines.push(...stale.map(({ dev }) => `link del dev ${dev}`));
    await ipBatch(runner, lines);
    const devices = [AGENTS_DEVICE, ...slots.map((row) => slotDevice(row.slot))];
    const settings = await ensureSysctls(runner, wantedSysctls(devices));
    return [...lines, ...settings];
  }

  async function converge(state: State): Promise<void> {
    // The rules first: they name interfaces that may not exist yet, and bring the connection tracker with its settings.
    await loadRules(state);
    await ensureDevices(state);
    await ensureNetwork(state);
    isBroken = false;
    // What the kernel held before is not known, nor what went meanwhile.
    dismiss(state, 'all');
  }

  async function change(state: State, rows: Rows, gone: Gone): Promise<void> {
    const touched = touchedBy(state, rows, gone);
    const before = compileTouched(state, touched, pools);
    applyChange(state, rows, gone);
    // Slots stand in the rules, the routes and the interfaces: rare, and everything is looked at.
    if (touched.frame) return converge(state);
    const steps = plan(before, compileTouched(state, touched, pools));
    await enforce(state, steps);
    if (steps.elements.remove.size > 0) dismiss(state, touched.users);
  }

  async function check(state: State): Promise<void> {
    if (isBroken) return converge(state);
    const devices = await ensureDevices(state);
    const network = await ensureNetwork(state);
    isPeerMissing = false;
    if (devices.length > 0) deps.report('tunnels', devices.join('; '));
    if (network.length > 0) deps.report('network', network.join('; '));
    if (refused.size > 0) {
      const again = new Map(refused);
      refused.clear();
      await grant(again);
    }
  }

  return {
    converge: (state) => inTurn(() => converge(state)),
    change: (state, rows, gone) => inTurn(() => change(state, rows, gone)),
    check: (state) => inTurn(() => check(state)),
    reload: (state, reason) =>
      inTurn(async () => {
        await loadRules(state);
        deps.report('rules', reason);
      }),
    isWhole: () => refused.size === 0 && !isPeerMissing && !isBroken,
  };
}

function missingDevice(error: unknown): undefined {
  if (error instanceof KernelError) return undefined;
  throw error;
}

async function answering(runner: Runner, dev: string): Promise<WgState> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readWg(runner, dev);
    } catch (error) {
      if (tries === READ_TRIES) throw error;
      await sleep(READ_PAUSE_MS);
    }
  }
}

function frameOf(state: State, deps: EnforceDeps): Frame {
  const slots = [...state.slots.values()];
  return {
    slots: slots.map((row) => slotDevice(row.slot)),
    agents: AGENTS_DEVICE,
    ports: [...new Set([deps.port, ...slots.map((row) => row.port)])],
    users: formatCidr(deps.pools.users),
    infrastructure: formatCidr(deps.pools.infrastructure),
    alias: formatCidr(deps.pools.alias),
    hidden: formatCidr(deps.pools.hidden),
    address: formatIp(deps.address),
    probePort: PROBE_PORT,
    limits: deps.limits,
  };
}
