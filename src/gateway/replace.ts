import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type Elements, shardOf } from './compile.ts';
import { changedBetween } from './difference.ts';
import type { UserElements } from './elements.ts';
import type { Peers } from './peers.ts';
import type { State } from './state.ts';
import { type Transition, openTransition } from './transition.ts';

export interface ReplacementDeps {
  readonly pools: Pools;
  readonly elements: UserElements;
  readonly peers: Peers;
  /** Does work that changes the kernel, when it is its turn. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  /** The state that the kernel follows, as others have changed it since. */
  readonly now: () => State;
  /** Brings changed slots to rules, interfaces and routes. */
  readonly changeSlots: () => Promise<void>;
}

/** Brings the kernel from one state to another while others go on changing it. */
export interface Replacement {
  /** The first step, in a turn: from then on changes are to the new state. Returns what follows, outside of a turn. */
  begin(before: State, after: State): Promise<() => Promise<void>>;
  /**
   * What the kernel holds of those of these users who are still on their way: the caller brings them to a later state. The
   * others are left out. In a turn.
   */
  take(users: Iterable<Ip>): ReadonlyMap<Ip, Elements>;
  /** The users of a shard go all the way at once, so that it can be compared. In a turn. */
  settle(shard: number): Promise<void>;
  /** These shards hold the new state. */
  forget(shards: { has(shard: number): boolean }): void;
  /** All of the kernel is brought to the new state by other means. */
  drop(): void;
  isUnderWay(): boolean;
}

/** As many users as one turn takes: some 8,000 elements. */
const USERS_PER_TURN = 25;

/** Makes it; nothing is replaced yet. */
export function openReplacement({ pools, elements, peers, inTurn, now, changeSlots }: ReplacementDeps): Replacement {
  let current: Transition | undefined;

  async function begin(before: State, after: State): Promise<() => Promise<void>> {
    const touched = changedBetween(before, after);
    const own = openTransition(before, after, touched, pools, (user) => elements.isWaiting(user));
    current = own;
    await peers.remove(own.removePeers);
    if (touched.frame) await changeSlots();
    return () => follow(own);
  }

  async function follow(own: Transition): Promise<void> {
    await forUsers(own, async (users) => elements.change(own.withdraw(users, now()), []));
    await forUsers(own, async (users) => {
      await elements.change(own.finish(users, now()), []);
      await peers.set(own.setPeers(users, [], now()));
    });
    await inTurn(async () => {
      if (own !== current) return;
      await peers.set(own.setPeers([], own.touched.plants, now()));
      current = undefined;
    });
  }

  /** Some users in each turn, until something else has taken over. */
  async function forUsers(own: Transition, work: (users: readonly Ip[]) => Promise<void>): Promise<void> {
    const users = [...own.touched.users];
    for (let at = 0; at < users.length; at += USERS_PER_TURN)
      await inTurn(async () => {
        if (own === current) await work(users.slice(at, at + USERS_PER_TURN));
      });
  }

  return {
    begin,
    take: (users) => current?.take(users, now()) ?? new Map(),
    settle: async (shard) => {
      if (current === undefined) return;
      // Those who went with the snapshot are users of it, too.
      const users = [...current.touched.users].filter((user) => shardOf(user) === shard);
      await elements.change(current.finish(users, now()), []);
    },
    forget: (shards) => current?.forget(shards),
    drop: () => void (current = undefined),
    isUnderWay: () => current !== undefined,
  };
}
