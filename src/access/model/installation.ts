/**
 * `model` owns the property tests of `access`: a random installation that changes step by step, and an oracle that says
 * by the words of the requirements what must hold after each step.
 *
 * This file: the installation, as the tables would hold it, foreign keys included.
 */
import { type Cidr, contains, overlaps, sizeOf } from '../../net/cidr.ts';
import { toIp } from '../../net/ip.ts';
import { DEFAULT_POOLS, WIDEST_ALIAS } from '../../net/pools.ts';
import { type Facts, effectiveRole, sourcesOn } from '../roles.ts';
import type { RouteFacts } from '../routes.ts';

type Subnet = RouteFacts['subnets'][number];
type Setting = RouteFacts['settings'][number] & { readonly userId: string };

/** Everything there is. The id of a plant is its number as text. */
export interface Installation extends Facts {
  users: Facts['users'];
  organizations: readonly string[];
  memberships: Facts['memberships'];
  portfolios: Facts['portfolios'];
  plants: Facts['plants'];
  grants: Facts['grants'];
  cooperations: Facts['cooperations'];
  shares: Facts['shares'];
  assignments: Facts['assignments'];
  subnets: readonly Subnet[];
  /** Ids of users who hold a certificate. */
  certificates: readonly string[];
  reach: readonly { readonly userId: string; readonly plant: number; readonly since: number }[];
  settings: readonly Setting[];
  revision: number;
  /** The last number that `nextNumber` gave. */
  numbers: number;
}

/** An installation with three organizations and nothing else. */
export function emptyInstallation(): Installation {
  return {
    users: [],
    organizations: ['north', 'south', 'service'],
    memberships: [],
    portfolios: [],
    plants: [],
    grants: [],
    cooperations: [],
    shares: [],
    assignments: [],
    subnets: [],
    certificates: [],
    reach: [],
    settings: [],
    revision: 1,
    numbers: 0,
  };
}

/** A number that was not used before. */
export function nextNumber(world: Installation): number {
  world.numbers += 1;
  return world.numbers;
}

/** Adds a subnet with a unique range of its own, unless the plant has one that overlaps. */
export function addSubnet(world: Installation, plant: number, network: Cidr): void {
  if (world.subnets.some((other) => other.plant === plant && overlaps(other.network, network))) return;
  const pool = network.length >= WIDEST_ALIAS ? DEFAULT_POOLS.alias : DEFAULT_POOLS.hidden;
  const size = sizeOf(network.length);
  const taken = world.subnets.map(({ range }) => range).filter((range) => contains(pool, range));
  const end = Math.max(pool.base, ...taken.map((range) => range.base + sizeOf(range.length)));
  const range = { base: toIp(Math.ceil(end / size) * size), length: network.length };
  const subnet = { subnet: nextNumber(world), plant, network, range, since: world.revision };
  world.subnets = [...world.subnets, subnet];
}

/** Removes plants with all that refers to them. */
export function removePlants(world: Installation, ids: ReadonlySet<string>): void {
  world.plants = world.plants.filter(({ id }) => !ids.has(id));
  world.subnets = world.subnets.filter(({ plant }) => !ids.has(String(plant)));
  world.grants = world.grants.filter(({ plantId }) => plantId === null || !ids.has(plantId));
  removeShares(world, ({ plantId }) => plantId !== null && ids.has(plantId));
}

/** Removes shares with their assignments. */
export function removeShares(world: Installation, isGone: (share: Facts['shares'][number]) => boolean): void {
  const gone = new Set(world.shares.filter(isGone).map(({ id }) => id));
  world.shares = world.shares.filter(({ id }) => !gone.has(id));
  world.assignments = world.assignments.filter(({ shareId }) => !gone.has(shareId));
}

/** Removes a membership with the grants and assignments that rest on it. */
export function removeMembership(world: Installation, organizationId: string, userId: string): void {
  const others = (row: { userId: string }, organization: string) =>
    row.userId !== userId || organization !== organizationId;
  world.memberships = world.memberships.filter((row) => others(row, row.organizationId));
  world.grants = world.grants.filter((row) => others(row, row.organizationId));
  world.assignments = world.assignments.filter((row) => others(row, row.partnerId));
}

/** Brings `reach` up to date as `store` does: what stays keeps its revision, and settings go with their route. */
export function derive(world: Installation): void {
  const before = new Map(world.reach.map((row) => [`${row.userId}:${row.plant}`, row.since]));
  world.reach = world.certificates.flatMap((userId) =>
    world.plants
      .filter(({ id }) => effectiveRole(sourcesOn(world, userId, id)) === 'operator')
      .map(({ id }) => ({ userId, plant: Number(id), since: before.get(`${userId}:${id}`) ?? world.revision })),
  );
  const plantOf = new Map(world.subnets.map(({ subnet, plant }) => [subnet, plant]));
  const reached = new Set(world.reach.map(({ userId, plant }) => `${userId}:${plant}`));
  world.settings = world.settings.filter(({ userId, subnet }) => reached.has(`${userId}:${plantOf.get(subnet)}`));
}

/** What the routes of one user are derived from. */
export function factsOf(world: Installation, userId: string): RouteFacts {
  const isOwn = (row: { userId: string }) => row.userId === userId;
  return { reach: world.reach.filter(isOwn), subnets: world.subnets, settings: world.settings.filter(isOwn) };
}
