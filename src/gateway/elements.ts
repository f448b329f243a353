import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type ElementChange, type Elements, compileUser, placeOf, shardOf } from './compile.ts';
import { inPieces } from './pieces.ts';
import { type RuleSetDeps, openRuleSet } from './ruleset.ts';
import { ALL_SHARDS } from './shards.ts';
import { type State, emptyState } from './state.ts';

/** `nft` takes 1.5 kB for each. */
const ELEMENTS_PER_LOAD = 40_000;

/** As many differences as a report names. */
const NAMED = 5;

/**
 * The users' elements in the kernel and the rules that ask them. Functions that change something are called one at a time;
 * one that fails leaves the kernel unknown, and `restart` is next.
 */
export interface UserElements {
  /** Everything has to be loaded: the frame is replaced at once, the shards follow by `loadSome`. */
  restart(state: State): Promise<void>;
  /** The state that the kernel follows from now on; what differs is told by `change`. */
  follow(state: State): void;
  /** Replaces what is no shard's: slots changed, or somebody else changed it. */
  frame(): Promise<void>;
  /** The elements of all shards are in doubt: they follow by `loadSome`. */
  doubtAll(): void;
  /** Loads the next shards of those that wait. */
  loadSome(): Promise<void>;
  /** Whether shards wait to be loaded. */
  isLoading(): boolean;
  /** Whether a user's shard waits to be loaded: it will be as the state is then. */
  isWaiting(user: Ip): boolean;
  /**
   * Brings a change to the kernel; of users whose shard waits, the shard is loaded sooner instead. So are shards of which it
   * refuses to withdraw something.
   */
  change(change: ElementChange, users: Iterable<Ip>): Promise<void>;
  /** How many elements of a shard were compared, and whether they are as they shall be. Changes nothing, and waits for nothing. */
  look(shard: number): Promise<{ compared: number; isRight: boolean }>;
  /** Compares a shard, and replaces it when it is not right. Returns what was not. */
  repair(shard: number): Promise<string | undefined>;
  /** Tries once more what the kernel refused. */
  retry(): Promise<void>;
  /** Whether the kernel holds everything. */
  isWhole(): boolean;
}

export interface ElementsDeps extends RuleSetDeps {
  /** Told which shards were loaded: they hold what the state says. */
  readonly onLoad: (shards: ReadonlyMap<number, unknown>) => void;
  /** As many elements as one load puts into one transaction, as far as shards divide so; 40,000 unless given. */
  readonly elementsPerLoad?: number;
}

/** Makes the keeper of the elements; nothing is known of the kernel before the first `restart`. */
export function openElements(deps: ElementsDeps): UserElements {
  const { pools, elementsPerLoad = ELEMENTS_PER_LOAD } = deps;
  const rules = openRuleSet(deps);
  let state = emptyState();
  let waiting: ReadonlySet<number> = new Set();
  // Shards that wait and are compiled ahead.
  let ahead: Promise<ReadonlyMap<number, Elements>> | undefined;
  // Made anew since the last restart: a second time would not help.
  let isAnew = false;

  /** These are loaded next, as the state is by then: what was compiled ahead may be older, and hold what was withdrawn. */
  function queueFirst(shards: Iterable<number>): void {
    waiting = new Set(shards).union(waiting);
    ahead = undefined;
  }

  /** All, and before the others those that are known to lack something. */
  function queueAll(lacking: Iterable<number>): void {
    queueFirst([...lacking, ...waiting, ...ALL_SHARDS]);
  }

  async function frame(): Promise<void> {
    if (await rules.frame(state)) return;
    isAnew = true;
    queueAll([]);
  }

  async function load(batch: ReadonlyMap<number, Elements>): Promise<void> {
    try {
      await rules.load(batch);
      waiting = waiting.difference(batch);
      deps.onLoad(batch);
    } catch (error) {
      queueAll(batch.keys());
      if (isAnew) throw error;
      // Something of these shards has become something else. Nothing passes until the shards are there again.
      isAnew = true;
      await rules.anew(state);
      deps.report('rules', `made anew: ${String(error)}`);
    }
  }

  /** While `nft` loads some shards the next ones are compiled, for the case that no change comes in between. */
  async function loadSome(): Promise<void> {
    const prepared = await ahead;
    // Others may have loaded some of them in between, and changed them since.
    const isOfUse = prepared !== undefined && waiting.isSupersetOf(prepared);
    const batch = isOfUse ? prepared : await compileSome(waiting);
    const rest = waiting.difference(batch);
    ahead = rest.size === 0 ? undefined : compileSome(rest);
    // What it fails with shows when it is waited for.
    ahead?.catch(() => undefined);
    if (batch.size > 0) await load(batch);
  }

  /** The first of some shards, as many as one load takes. */
  async function compileSome(shards: ReadonlySet<number>): Promise<ReadonlyMap<number, Elements>> {
    const batch = new Map<number, Elements>();
    let size = 0;
    for (const shard of shards) {
      const elements = await compileShard(state, shard, pools);
      batch.set(shard, elements);
      size += elements.size;
      if (size >= elementsPerLoad) break;
    }
    return batch;
  }

  async function change(change: ElementChange, users: Iterable<Ip>): Promise<void> {
    const touched = new Set([...users].map(shardOf)).intersection(waiting);
    if (touched.size > 0) queueFirst(touched);
    const stale = await rules.change(waiting.size === 0 ? change : withoutShards(change, waiting));
    if (stale === undefined) return;
    queueFirst(stale.shards);
    deps.report('rules', `replaced: ${stale.reason}`);
  }

  async function compare(shard: number): Promise<{ compared: number; difference: ElementChange }> {
    const listing = await rules.list(shard);
    const wanted = await compileShard(state, shard, pools);
    return { compared: wanted.size, difference: rules.compare(listing, wanted) };
  }

  async function look(shard: number): Promise<{ compared: number; isRight: boolean }> {
    if (waiting.has(shard)) return { compared: 0, isRight: true };
    const { compared, difference } = await compare(shard);
    return { compared, isRight: isEmpty(difference) };
  }

  async function repair(shard: number): Promise<string | undefined> {
    if (waiting.has(shard)) return undefined;
    const { difference } = await compare(shard);
    if (isEmpty(difference)) return undefined;
    await load(new Map([[shard, await compileShard(state, shard, pools)]]));
    return describe(difference);
  }

  return {
    restart: async (next) => {
      [state, isAnew] = [next, false];
      queueAll([]);
      await frame();
    },
    follow: (next) => {
      state = next;
      ahead = undefined;
    },
    frame,
    doubtAll: () => queueAll([]),
    loadSome,
    isLoading: () => waiting.size > 0,
    isWaiting: (user) => waiting.has(shardOf(user)),
    change,
    look,
    repair,
    retry: () => rules.retry(),
    isWhole: () => waiting.size === 0 && rules.isWhole(),
  };
}

/** All elements of a shard's users. Lets other work go on in between. */
async function compileShard(state: State, shard: number, pools: Pools): Promise<Elements> {
  const elements: Elements = new Map();
  await inPieces(compileInto(elements, state, shard, pools));
  return elements;
}

function* compileInto(elements: Elements, state: State, shard: number, pools: Pools): Generator<void> {
  for (const user of [...state.users.keys()].filter((one) => shardOf(one) === shard)) {
    for (const [key, value] of compileUser(state, user, pools)) elements.set(key, value);
    yield;
  }
}

function withoutShards({ remove, add }: ElementChange, shards: ReadonlySet<number>): ElementChange {
  const stays = ([key]: [string, string]) => !shards.has(placeOf(key)?.shard ?? -1);
  return { remove: new Map([...remove].filter(stays)), add: new Map([...add].filter(stays)) };
}

function isEmpty({ remove, add }: ElementChange): boolean {
  return remove.size === 0 && add.size === 0;
}

function describe({ remove, add }: ElementChange): string {
  return [...named('elements removed', remove), ...named('elements added', add)].join('; ');
}

function named(what: string, elements: Elements): string[] {
  return elements.size === 0 ? [] : [`${elements.size} ${what}: ${[...elements.keys()].slice(0, NAMED).join(', ')}`];
}
