import type { Ip } from '../net/ip.ts';
import type { AgentRow, GatewayRow, Gone, Rows, SettingRow, SlotRow, SubnetRow, UserRow } from '../wire/state.ts';
import type { State } from './state.ts';

/** What of one user goes or may go: the whole user, access, settings. A new key and a pause withdraw something as well. */
export interface Leaving {
  isGone: boolean;
  row: UserRow | undefined;
  readonly reach: Set<number>;
  readonly settings: Set<number>;
  readonly paused: Map<number, SettingRow>;
}

/** What comes to one user. */
export interface Coming {
  readonly reach: Map<number, number>;
  readonly settings: Map<number, SettingRow>;
}

/**
 * Any number of deltas as one: for each key what was said of it last. A user that went took along what was said of it
 * before; what was said afterwards stands beside that.
 */
export interface Change {
  readonly gone: { readonly [K in Plain]: Set<number> };
  readonly rows: {
    readonly slots: Map<number, SlotRow>;
    readonly gateways: Map<number, GatewayRow>;
    readonly agents: Map<number, AgentRow>;
    readonly subnets: Map<number, SubnetRow>;
  };
  readonly leaving: Map<Ip, Leaving>;
  readonly coming: Map<Ip, Coming>;
}

/** The kinds whose key is one small number. */
export type Plain = 'slots' | 'gateways' | 'agents' | 'subnets';

/** A part of a change in the form of a delta. */
export interface Piece {
  readonly rows: Rows;
  readonly gone: Gone;
}

/** A change of nothing. */
export function emptyChange(): Change {
  return {
    gone: { slots: new Set(), gateways: new Set(), agents: new Set(), subnets: new Set() },
    rows: { slots: new Map(), gateways: new Map(), agents: new Map(), subnets: new Map() },
    leaving: new Map(),
    coming: new Map(),
  };
}

/** How many entries a delta has. */
export function countEntries({ rows, gone }: Piece): number {
  return [...Object.values(rows), ...Object.values(gone)].reduce((sum, list) => sum + list.length, 0);
}

/** Adds a delta that came after all that the change holds: keys that are gone first, then rows. Changes it in place. */
export function merge(change: Change, { rows, gone }: Piece): void {
  for (const key of gone.slots) removePlain(change, 'slots', key);
  for (const key of gone.gateways) removePlain(change, 'gateways', key);
  for (const key of gone.agents) removePlain(change, 'agents', key);
  for (const key of gone.subnets) removePlain(change, 'subnets', key);
  for (const user of gone.users) {
    change.leaving.set(user, { ...newLeaving(), isGone: true });
    change.coming.delete(user);
  }
  for (const [user, plant] of gone.reach) {
    drop(change.coming, user, (coming) => coming.reach.delete(plant));
    leavingOf(change, user).reach.add(plant);
  }
  for (const [user, subnet] of gone.settings) {
    dropSetting(change, user, subnet);
    leavingOf(change, user).settings.add(subnet);
  }
  for (const row of rows.slots) putPlain(change, 'slots', row.slot, row);
  for (const row of rows.gateways) putPlain(change, 'gateways', row.gateway, row);
  for (const row of rows.agents) putPlain(change, 'agents', row.plant, row);
  for (const row of rows.subnets) putPlain(change, 'subnets', row.subnet, row);
  for (const row of rows.users) leavingOf(change, row.address).row = row;
  for (const [user, plant, since] of rows.reach) {
    drop(change.leaving, user, (leaving) => leaving.reach.delete(plant));
    comingOf(change, user).reach.set(plant, since);
  }
  for (const row of rows.settings) {
    dropSetting(change, row.user, row.subnet);
    (row.paused ? leavingOf(change, row.user).paused : comingOf(change, row.user).settings).set(row.subnet, row);
  }
}

function removePlain(change: Change, kind: Plain, key: number): void {
  change.rows[kind].delete(key);
  change.gone[kind].add(key);
}

function putPlain<K extends Plain>(change: Change, kind: K, key: number, row: Rows[K][number]): void {
  change.gone[kind].delete(key);
  // The compiler does not see that the kind picks row and map alike.
  (change.rows[kind] as Map<number, Rows[K][number]>).set(key, row);
}

function dropSetting(change: Change, user: Ip, subnet: number): void {
  drop(change.coming, user, (coming) => coming.settings.delete(subnet));
  drop(change.leaving, user, (leaving) => {
    leaving.settings.delete(subnet);
    leaving.paused.delete(subnet);
  });
}

function newLeaving(): Leaving {
  return { isGone: false, row: undefined, reach: new Set(), settings: new Set(), paused: new Map() };
}

function leavingOf(change: Change, user: Ip): Leaving {
  const leaving = change.leaving.get(user) ?? newLeaving();
  change.leaving.set(user, leaving);
  return leaving;
}

function comingOf(change: Change, user: Ip): Coming {
  const coming = change.coming.get(user) ?? { reach: new Map(), settings: new Map() };
  change.coming.set(user, coming);
  return coming;
}

/** Takes something out of what is held of a user, and the user with the last of it. */
function drop<T extends Leaving | Coming>(map: Map<Ip, T>, user: Ip, remove: (held: T) => void): void {
  const held = map.get(user);
  if (held === undefined) return;
  remove(held);
  if (!holdsAnything(held)) map.delete(user);
}

function holdsAnything(held: Leaving | Coming): boolean {
  const isAny = held.reach.size + held.settings.size > 0;
  return 'isGone' in held ? isAny || held.isGone || held.row !== undefined || held.paused.size > 0 : isAny;
}

/** Whether there is nothing in it. */
export function isEmpty({ gone, rows, leaving, coming }: Change): boolean {
  const parts = [...Object.values(gone), ...Object.values(rows), leaving, coming];
  return parts.every((part) => part.size === 0);
}

/**
 * Takes out what is to be applied next: all of it when it is small, else as far as about `limit` routes have to be compiled
 * again (more when one key alone takes more): first what is gone and the users of whom something is withdrawn, then what only
 * comes. What is left goes on to merge with what comes meanwhile. Returns undefined when nothing is left.
 */
export function takePiece(change: Change, state: State, limit: number): Piece | undefined {
  const piece: { rows: Lists; gone: Keys } = { rows: noLists(), gone: noLists() };
  let isTaken = false;
  let weight = 0;
  for (const step of steps(change, state, limit, piece)) {
    weight += step.weight;
    if (isTaken && weight > limit) break;
    step.take();
    isTaken = true;
  }
  return isTaken ? piece : undefined;
}

interface Step {
  /** How many routes have to be compiled for it, about. */
  readonly weight: number;
  readonly take: () => void;
}

type Lists = { [K in keyof Rows]: Rows[K][number][] };
type Keys = { [K in keyof Gone]: Gone[K][number][] };

function noLists() {
  return { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };
}

const PLAIN = ['slots', 'gateways', 'agents', 'subnets'] as const;

/** Everything in the change, in the order in which it is to be applied. */
function* steps(change: Change, state: State, limit: number, piece: { rows: Lists; gone: Keys }): Generator<Step> {
  for (const kind of PLAIN)
    for (const key of change.gone[kind]) {
      const weight = kind === 'subnets' ? subnetWeight(state, key, undefined, limit) : 1;
      yield { weight, take: () => void (change.gone[kind].delete(key) && piece.gone[kind].push(key)) };
    }
  // Of a user of whom something is withdrawn all is taken: compiling it twice would keep the others' withdrawals waiting.
  for (const user of change.leaving.keys())
    yield { weight: userWeight(change, state, user), take: () => takeUser(change, user, piece) };
  for (const kind of PLAIN)
    for (const [key, row] of change.rows[kind]) {
      const weight = 'network' in row ? subnetWeight(state, key, row.plant, limit) : 1;
      const take = () => {
        change.rows[kind].delete(key);
        // The compiler does not see that the kind picks row and list alike.
        (piece.rows[kind] as (typeof row)[]).push(row);
      };
      yield { weight, take };
    }
  for (const user of change.coming.keys())
    yield { weight: userWeight(change, state, user), take: () => takeUser(change, user, piece) };
}

function takeUser(change: Change, user: Ip, { rows, gone }: { rows: Lists; gone: Keys }): void {
  const leaving = change.leaving.get(user) ?? newLeaving();
  const coming = change.coming.get(user);
  change.leaving.delete(user);
  change.coming.delete(user);
  if (leaving.isGone) gone.users.push(user);
  if (leaving.row !== undefined) rows.users.push(leaving.row);
  for (const plant of leaving.reach) gone.reach.push([user, plant]);
  for (const subnet of leaving.settings) gone.settings.push([user, subnet]);
  for (const [plant, since] of coming?.reach ?? []) rows.reach.push([user, plant, since]);
  rows.settings.push(...leaving.paused.values(), ...(coming?.settings.values() ?? []));
}

function userWeight(change: Change, state: State, user: Ip): number {
  return routesOf(state, user) + (change.coming.get(user)?.reach.size ?? 0);
}

function routesOf(state: State, user: Ip): number {
  return 1 + (state.reach.get(user)?.size ?? 0);
}

/** Whoever reaches the plant that the subnet was in, or is in now, has to be compiled again. Counts as far as it matters. */
function subnetWeight(state: State, subnet: number, plant: number | undefined, limit: number): number {
  const former = state.subnets.get(subnet)?.plant;
  let weight = 1;
  for (const each of new Set([former, plant]))
    for (const user of (each === undefined ? undefined : state.usersOf.get(each)) ?? []) {
      weight += routesOf(state, user);
      if (weight > limit) return weight;
    }
  return weight;
}
