import { type Cidr, lastOf } from '../../net/cidr.ts';
import { type Ip, LAST_IP, formatIp, toIp } from '../../net/ip.ts';
import { DEFAULT_POOLS } from '../../net/pools.ts';
import { contests } from '../contests.ts';
import { effectiveRole, sourcesOn } from '../roles.ts';
import { type Route, type deriveRoutes, lookup, routeTable } from '../routes.ts';
import { type Said, make } from './changes.ts';
import { type Example, beginning } from './examples.ts';
import { type Installation, derive, emptyInstallation, factsOf } from './installation.ts';
import { type Memory, candidatesOf, covers, destination, remember, roleByTheWords } from './oracle.ts';

/** The function under test, or one that is wrong on purpose. */
export type Derive = typeof deriveRoutes;

/** What a run was worth. */
export interface Tally {
  packets: number;
  delivered: number;
  /** Times that an address had an owner who was bound to keep it against others. */
  kept: number;
  /** Times that an address went to another owner by a choice, and because the owner lost access. */
  chosen: number;
  inherited: number;
}

/** A tally of nothing. */
export function newTally(): Tally {
  return { packets: 0, delivered: 0, kept: 0, chosen: 0, inherited: 0 };
}

/** Runs the steps and holds `underTest` against the oracle after each. Throws at the first difference. */
export function check({ networks, steps, strangers }: Example, underTest: Derive, tally: Tally): void {
  const world = emptyInstallation();
  const memories = new Map<string, Memory>();
  const ranges = new Set<Cidr>();
  const all = [...beginning(networks), ...steps];
  const natives = [...new Set([...sampled(all.map((each) => each.network)), ...strangers])];
  for (const each of all) {
    const said = make(world, each);
    derive(world);
    checkRoles(world);
    for (const { range } of world.subnets) ranges.add(range);
    const others = sampled([...ranges]);
    for (const { id } of world.users) {
      const memory = memories.get(id) ?? { owners: new Map<Ip, number>(), paused: new Set<number>() };
      memories.set(id, memory);
      checkUser(world, id, memory, said?.userId === id ? said : undefined, { natives, others }, underTest, tally);
    }
  }
}

/** The addresses where something can change: first and last of each network, and those beside them. */
function sampled(networks: readonly Cidr[]): Ip[] {
  const edges = networks.flatMap((each) => [each.base - 1, each.base, lastOf(each), lastOf(each) + 1]);
  return [...new Set(edges)].filter((address) => address >= 0 && address <= LAST_IP).map(toIp);
}

function checkRoles(world: Installation): void {
  for (const { id: userId } of world.users) {
    for (const { id: plantId } of world.plants) {
      const role = effectiveRole(sourcesOn(world, userId, plantId));
      const expected = roleByTheWords(world, userId, plantId);
      if (role !== expected) throw new Error(`${userId} is ${role} on ${plantId}, not ${expected}`);
    }
  }
}

function checkUser(
  world: Installation,
  userId: string,
  memory: Memory,
  said: Said | undefined,
  addresses: { readonly natives: readonly Ip[]; readonly others: readonly Ip[] },
  underTest: Derive,
  tally: Tally,
): void {
  const routes = underTest(factsOf(world, userId), DEFAULT_POOLS);
  const candidates = candidatesOf(world, userId);
  const owner = (address: Ip) => ownerAt(routes, address);
  const before = new Map(memory.owners);
  tally.kept += remember(memory, candidates, addresses.natives, said, owner);
  for (const address of addresses.natives) {
    const [expected, actual, former] = [memory.owners.get(address), owner(address), before.get(address)];
    if (expected !== actual)
      throw new Error(`${formatIp(address)} of ${userId} is owned by ${actual}, not ${expected}`);
    if (former === expected || former === undefined || expected === undefined) continue;
    tally[said?.kind === 'choose' ? 'chosen' : 'inherited'] += 1;
  }
  checkExplanation(routes, memory, addresses.natives);
  const table = routeTable(routes);
  for (const address of [...addresses.natives, ...addresses.others]) {
    const found = lookup(table, address);
    const actual = found && `${found.plant} ${found.address}`;
    const expected = destination(memory, candidates, address);
    if (actual !== expected) throw new Error(`${formatIp(address)} of ${userId} went to ${actual}, not ${expected}`);
    tally.packets += 1;
    if (actual !== undefined) tally.delivered += 1;
  }
}

/** The one route that owns an address by native address; throws when there are two. */
function ownerAt(routes: readonly Route[], address: Ip): number | undefined {
  const owners = routes.filter(({ owned }) => owned.some((piece) => covers(piece.network, address)));
  if (owners.length > 1) throw new Error(`${formatIp(address)} has ${owners.length} owners`);
  return owners[0]?.subnet;
}

/** What users are told about their routes is what they get. */
function checkExplanation(routes: readonly Route[], memory: Memory, addresses: readonly Ip[]): void {
  const contested = contests(routes);
  for (const route of routes) {
    const inside = addresses.filter((address) => covers(route.network, address));
    const owned = inside.filter((address) => memory.owners.get(address) === route.subnet).length;
    const state = owned === inside.length ? 'owner' : owned > 0 ? 'partly' : 'conflict';
    if (route.state !== state) throw new Error(`${route.subnet} is called ${route.state}, and is ${state}`);
    if (route.paused !== memory.paused.has(route.subnet)) throw new Error(`${route.subnet} is paused: ${route.paused}`);
    for (const address of inside) {
      const isShared = routes.some((other) => other !== route && covers(other.network, address));
      const told = (contested.get(route.subnet) ?? []).filter(({ range }) => covers(range, address));
      const expected = isShared ? [memory.owners.get(address)] : [];
      if (told.map(({ owner }) => owner).join() !== expected.join()) {
        throw new Error(`${formatIp(address)} of ${route.subnet} is told to belong to ${JSON.stringify(told)}`);
      }
    }
  }
}
