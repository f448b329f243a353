import type { Foreign } from '../kernel/nft.ts';
import { readOnly } from '../kernel/read-only.ts';
import type { Ip } from '../net/ip.ts';
import type { Gone, Rows } from '../wire/state.ts';
import { peersOf, placeOf } from './compile.ts';
import { openDismissal } from './dismiss.ts';
import { type ElementsDeps, openElements } from './elements.ts';
import { openPeers } from './peers.ts';
import { type PlaceDeps, ensurePlace } from './place.ts';
import { compileTouched, plan } from './reconcile.ts';
import { openReplacement } from './replace.ts';
import { type State, applyChange, emptyState, touchedBy } from './state.ts';
import { ensureTunnel, ensureTunnels } from './tunnels.ts';

export interface EnforceDeps extends Omit<ElementsDeps, 'onLoad'>, PlaceDeps {}

/**
 * Keeps the kernel to the rows. What it does is done in turns, one at a time and short ones, so that a change comes
 * between two shards of a start. Nothing fails: what could not be done is reported and tried again by `check`.
 */
export interface Enforcer {
  /** Brings all of the kernel to the state, whatever it holds: on start. Whoever is permitted goes on meanwhile. */
  converge(state: State): Promise<void>;
  /** Applies a change to the state and the kernel. */
  change(state: State, rows: Rows, gone: Gone): Promise<void>;
  /** From one state to another, after a snapshot: what differs, withdrawals first. `before` must not change any more. */
  replace(before: State, after: State): Promise<void>;
  /** Reads links, addresses, rules, routes and settings back and repairs them, and does again what failed. Lists nothing large. */
  check(): Promise<void>;
  /** Repairs what somebody else changed in the rule set. */
  foreign(what: Foreign): Promise<void>;
  /** Compares the elements of a shard and repairs them. Returns how many were compared. */
  sweepShard(shard: number): Promise<number>;
  /** Compares an interface and its peers and repairs them. Returns how many peers it shall have. */
  sweepTunnel(dev: string): Promise<number>;
  /** Whether the kernel holds everything. False while it refused something, or something is still to be done. */
  isWhole(): boolean;
}

/** Makes the enforcer of this machine. */
export function openEnforcer(deps: EnforceDeps): Enforcer {
  const { pools } = deps;
  let current = emptyState();
  // Something failed half way, or nothing was done yet: only a complete comparison tells what the kernel holds.
  let isBroken = true;
  let converging: Promise<void> | undefined;
  let turn: Promise<void> = Promise.resolve();
  const elements = openElements({ ...deps, onLoad: (shards) => replacement.forget(shards) });
  const peers = openPeers(deps);
  const replacement = openReplacement({ pools, elements, peers, inTurn, now: () => current, changeSlots });
  const dismiss = openDismissal(deps);

  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      isBroken = true;
      deps.report('failed', String(error));
    });
    return turn;
  }

  /** Loads shards that wait, some of them in each turn, for as long as somebody waits for them. */
  async function loadWhile(isWanted: () => boolean): Promise<void> {
    while (isWanted() && !isBroken) await inTurn(() => elements.loadSome());
  }

  const loadAll = () => loadWhile(() => elements.isLoading());

  /** Interfaces and what stands beside them, with all peers. */
  function ensureAll(): Promise<void> {
    return beside(async () => {
      await ensureTunnels(deps, current);
      await ensurePlace(deps, current);
    });
  }

  /** Work on what is not elements. When it fails all of it is done again by the next check; no element has to be loaded for that. */
  async function beside(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      peers.areThere(true);
    } catch (error) {
      peers.areThere(false);
      deps.report('failed', String(error));
    }
  }

  /** Slots stand in the rules, the routes and the interfaces. On a start the interfaces follow later. */
  async function changeSlots(): Promise<void> {
    await elements.frame();
    if (converging === undefined) await ensureAll();
  }

  async function convergeNow(state: State | undefined): Promise<void> {
    await inTurn(async () => {
      // The latest, when it is its turn: a snapshot may have come before it.
      current = state ?? current;
      replacement.drop();
      peers.areThere(false);
      // The rules first: they name interfaces that may not exist yet, and bring the connection tracker with its settings.
      await elements.restart(current);
      isBroken = false;
    });
    // Then the users, and only then the interfaces: nobody is refused what is yet to be loaded.
    await loadAll();
    await inTurn(async () => {
      if (!isBroken) await ensureAll();
    });
    // What a change has put in doubt meanwhile.
    await loadAll();
    // What the kernel held before is not known, nor what went meanwhile.
    dismiss(current, 'all');
  }

  /** To a state, or again to the one that is followed. */
  function converge(state?: State): Promise<void> {
    const own = convergeNow(state).finally(() => {
      if (converging === own) converging = undefined;
    });
    converging = own;
    return own;
  }

  /** Returns the users that it touched. */
  async function change(state: State, rows: Rows, gone: Gone): Promise<ReadonlySet<Ip>> {
    const touched = touchedBy(state, rows, gone);
    const before = await compileTouched(state, touched, pools, replacement.take(touched.users));
    // Before the kernel is asked for anything: what it refuses is done again from the state.
    applyChange(state, rows, gone);
    const steps = plan(before, await compileTouched(state, touched, pools));
    await peers.remove(steps.removePeers);
    await elements.change(steps.elements, touched.users);
    if (touched.frame) await changeSlots();
    else await peers.set(steps.setPeers);
    if (steps.elements.remove.size > 0) dismiss(state, touched.users);
    return touched.users;
  }

  async function replace(before: State, after: State): Promise<void> {
    let follow: (() => Promise<void>) | undefined;
    await inTurn(async () => {
      // What is under way, or cannot be relied upon, is replaced as a whole: two snapshots in a row are rare.
      const isUnknown = isBroken || replacement.isUnderWay();
      current = after;
      elements.follow(after);
      if (!isUnknown) {
        follow = await replacement.begin(before, after);
        return;
      }
      // Changes that come before its turn know nothing of what the kernel holds.
      replacement.drop();
      elements.doubtAll();
      follow = () => converge();
    });
    await follow?.();
    await loadAll();
    // A start that is under way brings the interfaces last.
    await converging;
    dismiss(current, 'all');
  }

  /** Whether all is as it shall be. Reads only, so that it needs no turn and no change has to wait for it. */
  async function isRight(): Promise<boolean> {
    if (isBroken || peers.isMissing() || !elements.isWhole()) return false;
    return isUntouched((runner) => ensurePlace({ ...deps, runner }, current));
  }

  /** Whether work does nothing but read. It may not be able to, or a change may be under way: a turn tells. */
  function isUntouched(work: (runner: EnforceDeps['runner']) => Promise<unknown>): Promise<boolean> {
    return work(readOnly(deps.runner)).then(
      () => true,
      () => false,
    );
  }

  async function check(): Promise<void> {
    await beside(async () => {
      if (peers.isMissing()) report('tunnels', await ensureTunnels(deps, current));
      const { tunnels, network } = await ensurePlace(deps, current);
      report('tunnels', tunnels);
      report('network', network);
    });
    if (!elements.isWhole()) await elements.retry();
  }

  function report(what: string, done: readonly string[]): void {
    if (done.length > 0) deps.report(what, done.join('; '));
  }

  async function foreign({ detail, isFrame, sets }: Foreign): Promise<void> {
    // What is not known to begin with is brought to the state as a whole; on a start that is under way.
    if (isBroken) {
      if (converging !== undefined) return;
      await converge();
      deps.report('rules', detail);
      return;
    }
    await inTurn(async () => {
      if (isFrame) await elements.frame();
      if (sets === 'all') elements.doubtAll();
    });
    const shards = sets === 'all' ? [] : new Set(sets.flatMap((name) => placeOf(name)?.shard ?? []));
    for (const shard of shards) await inTurn(() => repairShard(shard));
    await loadAll();
    if (isFrame) deps.report('rules', detail);
  }

  async function repairShard(shard: number): Promise<void> {
    await replacement.settle(shard);
    const repaired = await elements.repair(shard);
    if (repaired !== undefined) deps.report('rules', repaired);
  }

  async function sweepShard(shard: number): Promise<number> {
    if (isBroken || replacement.isUnderWay()) return 0;
    const { compared, isRight } = await elements.look(shard);
    // Twice, for a change may have come in between; changes wait for a repair.
    if (isRight || (await elements.look(shard)).isRight) return compared;
    await inTurn(() => repairShard(shard));
    await loadAll();
    return compared;
  }

  async function sweepTunnel(dev: string): Promise<number> {
    if (isBroken || converging !== undefined) return 0;
    const isAsItShallBe = await isUntouched((runner) => ensureTunnel({ ...deps, runner }, current, dev));
    if (!isAsItShallBe) await inTurn(async () => report('tunnels', await ensureTunnel(deps, current, dev)));
    return peersOf(current, dev).length;
  }

  return {
    converge,
    change: async (state, rows, gone) => {
      let users: ReadonlySet<Ip> = new Set();
      await inTurn(async () => void (users = await change(state, rows, gone)));
      // The next change does not wait for shards of others; nor on a start, where all of them wait.
      if (converging === undefined) await loadWhile(() => users.values().some((user) => elements.isWaiting(user)));
    },
    replace,
    check: async () => {
      if (converging !== undefined) return;
      if (isBroken) return converge();
      if (await isRight()) return;
      await inTurn(check);
      await loadAll();
    },
    foreign,
    sweepShard,
    sweepTunnel,
    isWhole: () => !isBroken && !peers.isMissing() && !replacement.isUnderWay() && elements.isWhole(),
  };
}
