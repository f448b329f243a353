import { ipBatch, planIp, readIp } from '../kernel/ip.ts';
import { readOnly } from '../kernel/read-only.ts';
import { ensureSysctls } from '../kernel/sysctl.ts';
import { removeWgPeers, setWgPeers } from '../kernel/wg.ts';
import type { Gone, Rows } from '../wire/state.ts';
import { AGENTS_DEVICE, slotDevice } from './compile.ts';
import { openDismissal } from './dismiss.ts';
import { uplinkRoutes, wantedNetwork, wantedSysctls, wantedTables } from './network.ts';
import { type Plan, compileTouched, plan } from './reconcile.ts';
import { type RuleSetDeps, openRuleSet } from './ruleset.ts';
import { type State, applyChange, touchedBy } from './state.ts';
import { type TunnelDeps, ensureTunnels } from './tunnels.ts';

export interface EnforceDeps extends RuleSetDeps, TunnelDeps {
  /** The interface that leads outside; that of the default route when undefined. */
  readonly uplink: string | undefined;
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

/** Makes the enforcer of this machine. */
export function openEnforcer(deps: EnforceDeps): Enforcer {
  const { runner, pools } = deps;
  const rules = openRuleSet(deps);
  let isPeerMissing = false;
  // Something failed half way: only a complete comparison tells what the kernel holds.
  let isBroken = false;
  let turn: Promise<void> = Promise.resolve();
  const dismiss = openDismissal(deps);

  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      isBroken = true;
      deps.report('failed', String(error));
    });
    return turn;
  }

  async function enforce(state: State, steps: Plan): Promise<void> {
    for (const [dev, peers] of Map.groupBy(steps.removePeers, (peer) => peer.dev)) {
      await removeWgPeers(
        runner,
        dev,
        peers.map((peer) => peer.publicKey),
      ).catch((error: unknown) => failedPeers(dev, error));
    }
    await rules.change(state, steps.elements);
    for (const [dev, peers] of Map.groupBy(steps.setPeers, (peer) => peer.dev)) {
      await setWgPeers(runner, dev, peers).catch((error: unknown) => failedPeers(dev, error));
    }
  }

  /** The next check compares the whole interface and tries again. */
  function failedPeers(dev: string, error: unknown): void {
    isPeerMissing = true;
    deps.report('peers-refused', `${dev}: ${String(error)}`);
  }

  async function ensureNetwork(state: State, runner = deps.runner): Promise<string[]> {
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
    await rules.load(state);
    await ensureTunnels(deps, state);
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

  /** Whether all is as it shall be. Reads only, so that it needs no turn and no change has to wait for it. */
  async function isRight(state: State): Promise<boolean> {
    if (isBroken || isPeerMissing || !rules.isWhole()) return false;
    const reading = readOnly(runner);
    try {
      await ensureTunnels({ ...deps, runner: reading }, state);
      await ensureNetwork(state, reading);
      return true;
    } catch {
      // It is not, or a change is under way, or it cannot be read: the check in its turn tells which.
      return false;
    }
  }

  async function check(state: State): Promise<void> {
    if (isBroken) return converge(state);
    const devices = await ensureTunnels(deps, state);
    const network = await ensureNetwork(state);
    isPeerMissing = false;
    if (devices.length > 0) deps.report('tunnels', devices.join('; '));
    if (network.length > 0) deps.report('network', network.join('; '));
    if (!rules.isWhole()) await rules.retry();
  }

  return {
    converge: (state) => inTurn(() => converge(state)),
    change: (state, rows, gone) => inTurn(() => change(state, rows, gone)),
    check: async (state) => {
      if (!(await isRight(state))) await inTurn(() => check(state));
    },
    reload: (state, reason) =>
      inTurn(async () => {
        await rules.load(state);
        deps.report('rules', reason);
      }),
    isWhole: () => rules.isWhole() && !isPeerMissing && !isBroken,
  };
}
