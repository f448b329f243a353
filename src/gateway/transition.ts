import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type ElementChange, type Elements, type Peer, compareElements, compileUser, shardOf } from './compile.ts';
import { type Compiled, compilePeers, plan } from './reconcile.ts';
import type { State, Touched } from './state.ts';

/**
 * The way from the state that the kernel holds to the next one, of which others may already make the one after that:
 * first all that withdraws, then what grants, some users at a time. Whoever is changed meanwhile is brought all the way at once.
 */
export interface Transition {
  readonly touched: Touched;
  /** Peers that go, or whose key another takes over: before all else. */
  readonly removePeers: readonly Peer[];
  /** What is withdrawn from these users. Those who are through are left out, here and below. */
  withdraw(users: Iterable<Ip>, now: State): ElementChange;
  /** What these users, from whom everything was withdrawn, are granted. They are through then. */
  grant(users: Iterable<Ip>, now: State): ElementChange;
  /** Both, for users who are changed next or whose elements are compared. */
  settle(users: Iterable<Ip>, now: State): ElementChange;
  /** These shards were loaded: their users are through. */
  forget(shards: { has(shard: number): boolean }): void;
  /** Peers of these users and plants that are new or have other sources. */
  setPeers(users: Iterable<Ip>, plants: Iterable<number>, now: State): readonly Peer[];
}

/** Begins one. `before` must not change any more; `isLeftOut` names users who are loaded with their shard. */
export function openTransition(
  before: State,
  after: State,
  touched: Touched,
  pools: Pools,
  isLeftOut: (user: Ip) => boolean,
): Transition {
  const withdrawn = new Map<Ip, boolean>();
  for (const user of touched.users) if (!isLeftOut(user)) withdrawn.set(user, false);
  function differences(users: Iterable<Ip>, now: State): { user: Ip; change: ElementChange }[] {
    return [...users]
      .filter((user) => withdrawn.has(user))
      .map((user) => ({
        user,
        change: compareElements(compileUser(before, user, pools), compileUser(now, user, pools)),
      }));
  }

  return {
    touched,
    removePeers: plan(peersIn(before, touched.users, touched.plants), peersIn(after, touched.users, touched.plants))
      .removePeers,
    withdraw: (users, now) => {
      const remove: Elements = new Map();
      for (const { user, change } of differences(users, now)) {
        if (withdrawn.get(user) === false) merge(remove, change.remove);
        withdrawn.set(user, true);
      }
      return { remove, add: new Map() };
    },
    grant: (users, now) => {
      const add: Elements = new Map();
      for (const { user, change } of differences(users, now)) {
        merge(add, change.add);
        withdrawn.delete(user);
      }
      return { remove: new Map(), add };
    },
    settle: (users, now) => {
      const [remove, add]: [Elements, Elements] = [new Map(), new Map()];
      for (const { user, change } of differences(users, now)) {
        if (withdrawn.get(user) === false) merge(remove, change.remove);
        merge(add, change.add);
        withdrawn.delete(user);
      }
      return { remove, add };
    },
    forget: (shards) => {
      for (const user of withdrawn.keys()) if (shards.has(shardOf(user))) withdrawn.delete(user);
    },
    setPeers: (users, plants, now) => plan(peersIn(before, users, plants), peersIn(now, users, plants)).setPeers,
  };
}

function peersIn(state: State, users: Iterable<Ip>, plants: Iterable<number>): Compiled {
  return { elements: new Map(), peers: compilePeers(state, users, plants) };
}

function merge(into: Elements, from: Elements): void {
  for (const [key, value] of from) into.set(key, value);
}
