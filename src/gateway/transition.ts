import type { Ip } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type ElementChange, type Elements, type Peer, compareElements, compileUser, shardOf } from './compile.ts';
import { type Compiled, compilePeers, plan } from './reconcile.ts';
import type { State, Touched } from './state.ts';

/**
 * The way from the state that the kernel holds to the next one, of which others may already make the one after that:
 * first all that withdraws, then what grants, some users at a time. Whoever is changed meanwhile goes straight from what the
 * kernel holds to the changed state: nothing is granted on the way that the change withdraws.
 */
export interface Transition {
  readonly touched: Touched;
  /** Peers that go, or whose key another takes over: before all else. */
  readonly removePeers: readonly Peer[];
  /** What is withdrawn from these users. Those who are through are left out, here and below. */
  withdraw(users: Iterable<Ip>, now: State): ElementChange;
  /** What is left to be done about these users. They are through then. */
  finish(users: Iterable<Ip>, now: State): ElementChange;
  /** What the kernel holds of these users, for somebody who brings them further. They are through then. */
  take(users: Iterable<Ip>, now: State): Map<Ip, Elements>;
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
  function held(user: Ip, now: State): Elements {
    const had = compileUser(before, user, pools);
    if (withdrawn.get(user) === false) return had;
    const has = compileUser(now, user, pools);
    return new Map([...had].filter(([key, value]) => has.get(key) === value));
  }

  function take(users: Iterable<Ip>, now: State): Map<Ip, Elements> {
    const taken = new Map<Ip, Elements>();
    for (const user of users) {
      if (!withdrawn.has(user)) continue;
      taken.set(user, held(user, now));
      withdrawn.delete(user);
    }
    return taken;
  }

  return {
    touched,
    removePeers: plan(peersIn(before, touched.users, touched.plants), peersIn(after, touched.users, touched.plants))
      .removePeers,
    withdraw: (users, now) => {
      const remove: Elements = new Map();
      for (const user of users) {
        if (withdrawn.get(user) !== false) continue;
        merge(remove, compareElements(held(user, now), compileUser(now, user, pools)).remove);
        withdrawn.set(user, true);
      }
      return { remove, add: new Map() };
    },
    finish: (users, now) => {
      const [remove, add]: [Elements, Elements] = [new Map(), new Map()];
      for (const [user, elements] of take(users, now)) {
        const change = compareElements(elements, compileUser(now, user, pools));
        merge(remove, change.remove);
        merge(add, change.add);
      }
      return { remove, add };
    },
    take,
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
