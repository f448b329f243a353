import { formatCidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import type { NftTable } from '../kernel/nft.ts';
import type { Runner } from '../kernel/run.ts';
import { PROBE_PORT } from '../wire/sync.ts';
import { AGENTS_DEVICE, type ElementChange, type Elements, placeOf, slotDevice } from './compile.ts';
import { type Frame, type Limits, foreignChains, frameText } from './rules.ts';
import {
  TABLE,
  compareListing,
  elementsText,
  emptyShardText,
  lengthText,
  lengthsOf,
  setsToList,
  shardRulesText,
} from './shards.ts';
import type { State } from './state.ts';

export interface RuleSetDeps {
  readonly runner: Runner;
  readonly table: Pick<NftTable, 'apply' | 'change' | 'list'>;
  readonly pools: Pools;
  readonly limits: Limits;
  /** UDP port of the agents' interface. */
  readonly port: number;
  /** The gateway's own infrastructure address. */
  readonly address: Ip;
  /** Told what was not as it should be and was repaired, or could not be done. */
  readonly report: (what: string, detail: string) => void;
}

/** How often it is tried to find out which of many grants the kernel refuses: some ten of them among a shard's thousands. */
const MOST_TRIES = 256;

/** Shards whose withdrawals the kernel refused: they have to be loaded. */
export interface Stale {
  readonly shards: readonly number[];
  readonly reason: string;
}

/** The rule set in the kernel. A grant that the kernel refuses never keeps a withdrawal from it. */
export interface RuleSet {
  /**
   * Replaces what is no shard's, and the rules of the shards that were loaded; elements, and the shards that an earlier
   * process left, stay. Returns false when the kernel does not take that: the table is a new one then, without shards.
   */
  frame(state: State): Promise<boolean>;
  /** Replaces whole shards, in one transaction when the kernel takes it. Throws when it takes not even an empty one. */
  load(shards: ReadonlyMap<number, Elements>): Promise<void>;
  /** A new table, without shards. */
  anew(state: State): Promise<void>;
  /** Removes and adds elements of loaded shards. Undefined when that is done, as far as `isWhole` tells. */
  change(change: ElementChange): Promise<Stale | undefined>;
  /** The text of a loaded shard's sets. Throws when they cannot be read. */
  list(shard: number): Promise<string>;
  /** What makes a shard of this listing hold what it shall; what was refused counts as held. */
  compare(listing: string, wanted: Elements): ElementChange;
  /** Tries once more what was refused. */
  retry(): Promise<void>;
  /** Whether the kernel took everything. */
  isWhole(): boolean;
}

/** Makes the rule set of this machine; nothing is known of the kernel before the first `frame`. */
export function openRuleSet(deps: RuleSetDeps): RuleSet {
  const { table } = deps;
  // What the kernel would not take. It is in the state, so it has to be left out when something is withdrawn.
  const refused: Elements = new Map();
  // The prefix lengths of each shard that was loaded.
  const known = new Map<number, ReadonlySet<number>>();

  async function frame(state: State): Promise<boolean> {
    const wanted = frameOf(state, deps);
    const others = foreignChains(await deps.runner.run(['nft', 'list', 'chains', 'ip']), wanted);
    const shards = [...known].map(([shard, lengths]) => shardRulesText(shard, lengths));
    try {
      await table.apply([frameText(wanted), ...shards, withoutChains(others)].join(''));
      return true;
    } catch (error) {
      // What is ours has become something else.
      await anew(state);
      deps.report('rules', `made anew: ${String(error)}`);
      return false;
    }
  }

  async function anew(state: State): Promise<void> {
    await table.apply(`delete table ip ${TABLE}\n${frameText(frameOf(state, deps))}`);
    known.clear();
    refused.clear();
  }

  async function load(shards: ReadonlyMap<number, Elements>): Promise<void> {
    for (const key of refused.keys()) if (shards.has(placeOf(key)?.shard ?? -1)) refused.delete(key);
    const lengths = new Map([...shards].map(([shard, elements]) => [shard, lengthsIn(shard, elements)]));
    const emptied = [...lengths].map(([shard, used]) => emptyShardText(shard, known.get(shard) ?? [], used)).join('');
    const learn = () => lengths.forEach((used, shard) => known.set(shard, used));
    try {
      await table.apply(emptied + [...shards.values()].map((elements) => elementsText('add', elements)).join(''));
      learn();
    } catch {
      if (shards.size > 1) {
        for (const [shard, elements] of shards) await load(new Map([[shard, elements]]));
        return;
      }
      // A shard that lacks a grant is better than one that lacks a withdrawal.
      await table.apply(emptied);
      learn();
      for (const elements of shards.values()) await grant(elements);
    }
  }

  /**
   * Adds elements; those that the kernel refuses are found by halves and set aside. One that refuses everything, for lack of
   * memory, is not asked about each: withdrawals wait meanwhile.
   */
  async function grant(elements: Elements, tries = { left: MOST_TRIES }): Promise<void> {
    if (elements.size === 0) return;
    tries.left -= 1;
    try {
      await write({ remove: new Map(), add: elements });
    } catch (error) {
      const list = [...elements];
      const middle = Math.ceil(list.length / 2);
      if (middle < list.length && tries.left > 0) {
        await grant(new Map(list.slice(0, middle)), tries);
        return grant(new Map(list.slice(middle)), tries);
      }
      for (const [key, value] of list) refused.set(key, value);
      deps.report('grant-refused', `${[...elements.keys()].join(', ')}: ${String(error)}`);
    }
  }

  /** One transaction: the sets and rules that are missing, and the change. */
  async function write(wanted: ElementChange): Promise<void> {
    const missing = [...lengthsOf(wanted.add)].map(([shard, used]) => {
      const has = known.get(shard) ?? new Set();
      return { shard, all: has.union(used), missing: [...used].filter((length) => !has.has(length)) };
    });
    const texts = missing.flatMap((one) => one.missing.map((length) => lengthText(one.shard, length)));
    if (texts.length === 0 && (await table.change(wanted))) return;
    await table.apply(texts.join('') + elementsText('delete', wanted.remove) + elementsText('add', wanted.add));
    for (const one of missing) known.set(one.shard, one.all);
  }

  async function change({ remove, add: added }: ElementChange): Promise<Stale | undefined> {
    const present = new Map([...remove].filter(([key]) => !refused.delete(key)));
    if (present.size === 0 && added.size === 0) return undefined;
    try {
      await write({ remove: present, add: added });
    } catch {
      try {
        if (present.size > 0) await table.apply(elementsText('delete', present));
      } catch (error) {
        // Somebody took away what is to be withdrawn.
        return { shards: [...lengthsOf(new Map([...present, ...added])).keys()], reason: String(error) };
      }
      await grant(added);
    }
    return undefined;
  }

  return {
    frame,
    anew,
    load,
    change,
    list: (shard) => table.list(setsToList(shard, known.get(shard) ?? [])),
    compare: (listing, wanted) => {
      const held = new Map(wanted);
      for (const [key, value] of refused) if (held.get(key) === value) held.delete(key);
      return compareListing(listing, held);
    },
    retry: async () => {
      const again = new Map(refused);
      refused.clear();
      await grant(again);
    },
    isWhole: () => refused.size === 0,
  };
}

function lengthsIn(shard: number, elements: Elements): ReadonlySet<number> {
  return lengthsOf(elements).get(shard) ?? new Set();
}

/** The commands that remove chains of others. They are emptied first, for one may lead to another. */
function withoutChains(names: readonly string[]): string {
  const commands = ['flush', 'delete'].flatMap((verb) => names.map((name) => `${verb} chain ip ${TABLE} ${name}\n`));
  return commands.join('');
}

function frameOf(state: State, deps: RuleSetDeps): Frame {
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
