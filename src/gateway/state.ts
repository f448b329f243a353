import type { Ip } from '../net/ip.ts';
import type { AgentRow, GatewayRow, Gone, Rows, SettingRow, SlotRow, SubnetRow, UserRow } from '../wire/state.ts';

/** The rows that a gateway holds, with the indexes that compiling one user needs. Changed in place: there are millions. */
export interface State {
  readonly slots: Map<number, SlotRow>;
  readonly gateways: Map<number, GatewayRow>;
  /** By plant number. */
  readonly agents: Map<number, AgentRow>;
  readonly subnets: Map<number, SubnetRow>;
  readonly subnetsOf: Map<number, Set<number>>;
  readonly users: Map<Ip, UserRow>;
  /** User, plant, revision since when. */
  readonly reach: Map<Ip, Map<number, number>>;
  /** Who reaches a plant. */
  readonly usersOf: Map<number, Set<Ip>>;
  /** User, subnet. */
  readonly settings: Map<Ip, Map<number, SettingRow>>;
}

/** What a change touches: whose routes, whose peers, and which plants' peers have to be compiled again. */
export interface Touched {
  readonly users: ReadonlySet<Ip>;
  readonly plants: ReadonlySet<number>;
  /** A slot changed: it stands in the rules, the routes and the interfaces. */
  readonly frame: boolean;
}

/** A state without rows. */
export function emptyState(): State {
  return {
    slots: new Map(),
    gateways: new Map(),
    agents: new Map(),
    subnets: new Map(),
    subnetsOf: new Map(),
    users: new Map(),
    reach: new Map(),
    usersOf: new Map(),
    settings: new Map(),
  };
}

/** Rows of no kind; a base to spread others over. */
export const NO_ROWS: Rows = { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };

/** Keys of no kind. */
export const NO_GONE: Gone = { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };

/**
 * What applying these rows and keys to the state will touch. To be asked before they are applied, since who reaches a
 * plant is part of the state; whoever reaches one of its plants after the change is among `rows.reach` or reached it before.
 */
export function touchedBy(state: State, rows: Rows, gone: Gone): Touched {
  const plants = new Set([...rows.agents.map((row) => row.plant), ...gone.agents]);
  const resubnetted = new Set<number>();
  for (const number of [...rows.subnets.map((row) => row.subnet), ...gone.subnets]) {
    const plant = state.subnets.get(number)?.plant;
    if (plant !== undefined) resubnetted.add(plant);
  }
  for (const row of rows.subnets) resubnetted.add(row.plant);
  const users = new Set<Ip>([
    ...rows.users.map((row) => row.address),
    ...gone.users,
    ...[...rows.reach, ...gone.reach].map(([user]) => user),
    ...rows.settings.map((row) => row.user),
    ...gone.settings.map(([user]) => user),
  ]);
  for (const plant of resubnetted) for (const user of state.usersOf.get(plant) ?? []) users.add(user);
  const frame = rows.slots.length > 0 || gone.slots.length > 0;
  return { users, plants: new Set([...plants, ...resubnetted]), frame };
}

/** Applies rows and keys of rows that are gone. Doing it twice is harmless. */
export function applyChange(state: State, rows: Rows, gone: Gone): void {
  for (const key of gone.slots) state.slots.delete(key);
  for (const key of gone.gateways) state.gateways.delete(key);
  for (const key of gone.agents) state.agents.delete(key);
  for (const key of gone.subnets) removeSubnet(state, key);
  for (const key of gone.users) removeUser(state, key);
  for (const [user, plant] of gone.reach) removeReach(state, user, plant);
  for (const [user, subnet] of gone.settings) drop(state.settings, user, subnet);
  for (const row of rows.slots) state.slots.set(row.slot, row);
  for (const row of rows.gateways) state.gateways.set(row.gateway, row);
  for (const row of rows.agents) state.agents.set(row.plant, row);
  for (const row of rows.subnets) addSubnet(state, row);
  for (const row of rows.users) state.users.set(row.address, row);
  for (const [user, plant, since] of rows.reach) {
    within(state.reach, user, () => new Map<number, number>()).set(plant, since);
    within(state.usersOf, plant, () => new Set<Ip>()).add(user);
  }
  for (const row of rows.settings)
    within(state.settings, row.user, () => new Map<number, SettingRow>()).set(row.subnet, row);
}

function addSubnet(state: State, row: SubnetRow): void {
  removeSubnet(state, row.subnet);
  state.subnets.set(row.subnet, row);
  within(state.subnetsOf, row.plant, () => new Set<number>()).add(row.subnet);
}

function removeSubnet(state: State, number: number): void {
  const row = state.subnets.get(number);
  if (row === undefined) return;
  state.subnets.delete(number);
  drop(state.subnetsOf, row.plant, number);
}

/** What hangs on a user is not told one by one, and the address is somebody else's one day. */
function removeUser(state: State, user: Ip): void {
  state.users.delete(user);
  for (const plant of state.reach.get(user)?.keys() ?? []) drop(state.usersOf, plant, user);
  state.reach.delete(user);
  state.settings.delete(user);
}

function removeReach(state: State, user: Ip, plant: number): void {
  drop(state.reach, user, plant);
  drop(state.usersOf, plant, user);
}

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Removes an inner key, and the inner collection with its last one. */
function drop<K, I>(map: Map<K, { delete(inner: I): boolean; readonly size: number }>, key: K, inner: I): void {
  const collection = map.get(key);
  collection?.delete(inner);
  if (collection?.size === 0) map.delete(key);
}
