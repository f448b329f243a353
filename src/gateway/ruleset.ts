import { formatCidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import type { NftTable } from '../kernel/nft.ts';
import { PROBE_PORT } from '../wire/sync.ts';
import { AGENTS_DEVICE, type ElementChange, type Elements, slotDevice } from './compile.ts';
import { compileAll } from './reconcile.ts';
import { type Frame, type Limits, elementsText, frameText, lengthText, lengthsOf } from './rules.ts';
import type { State } from './state.ts';

export interface RuleSetDeps {
  readonly table: NftTable;
  readonly pools: Pools;
  readonly limits: Limits;
  /** UDP port of the agents' interface. */
  readonly port: number;
  /** The gateway's own infrastructure address. */
  readonly address: Ip;
  /** Told what was not as it should be and was repaired, or could not be done. */
  readonly report: (what: string, detail: string) => void;
}

/** The rule set in the kernel. A grant that the kernel refuses never keeps a withdrawal from it. */
export interface RuleSet {
  /** Replaces all of it, in one transaction. */
  load(state: State): Promise<void>;
  /** Removes and adds elements, in one transaction when the kernel takes it; `state` is the one after the change. */
  change(state: State, change: ElementChange): Promise<void>;
  /** Tries once more what was refused. */
  retry(): Promise<void>;
  /** Whether the kernel took everything. */
  isWhole(): boolean;
}

/** Makes the rule set of this machine; nothing is in the kernel before the first `load`. */
export function openRuleSet(deps: RuleSetDeps): RuleSet {
  const { table, pools } = deps;
  // What the kernel would not take. It is in the state, so it has to be left out when something is withdrawn.
  const refused: Elements = new Map();
  let lengths = new Set<number>();

  async function load(state: State): Promise<void> {
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
  async function change(state: State, { remove, add }: ElementChange): Promise<void> {
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
        await load(state);
        deps.report('rules', `replaced: ${String(second)}`);
        return;
      }
      await grant(add);
    }
  }

  async function retry(): Promise<void> {
    const again = new Map(refused);
    refused.clear();
    await grant(again);
  }

  return { load, change, retry, isWhole: () => refused.size === 0 };
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
