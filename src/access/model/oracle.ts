import type { Cidr } from '../../net/cidr.ts';
import type { Ip } from '../../net/ip.ts';
import type { Facts, JobRole } from '../roles.ts';
import type { RouteFacts } from '../routes.ts';
import type { Said } from './changes.ts';
import type { Installation } from './installation.ts';

type Subnet = RouteFacts['subnets'][number];

/** What the oracle remembers of one user. It knows no order of claims, no prefixes and no revisions. */
export interface Memory {
  /** Who owns which of the sampled addresses. */
  readonly owners: Map<Ip, number>;
  readonly paused: Set<number>;
}

/** Whether an address is one of a network's, by counting. */
export function covers(network: Cidr, address: number): boolean {
  return address >= network.base && address < network.base + 2 ** (32 - network.length);
}

/** The strongest role that a user has on a plant, by the words of ACC-3 to ACC-6 and ACC-9, one loop per sentence. */
export function roleByTheWords(world: Facts, userId: string, plantId: string): JobRole | undefined {
  const held = new Set<JobRole>();
  const plant = world.plants.find(({ id }) => id === plantId);
  // Administrators and Moderators hold Operator on every plant their own organization owns.
  for (const { userId: member, organizationId, role } of world.memberships) {
    if (member !== userId || organizationId !== plant?.organizationId) continue;
    if (role === 'administrator' || role === 'moderator') held.add('operator');
  }
  // Granted on a plant or on a portfolio; a portfolio grant covers plants added later.
  for (const grant of world.grants) {
    if (grant.userId !== userId) continue;
    if (grant.plantId === plantId) held.add(grant.role);
    if (grant.portfolioId !== null && grant.portfolioId === plant?.portfolioId) held.add(grant.role);
  }
  // The owner shares plants or portfolios with a role cap; the partner assigns them to its own members, never above it.
  for (const cooperation of world.cooperations) {
    if (cooperation.status !== 'active' || cooperation.ownerId !== plant?.organizationId) continue;
    for (const share of world.shares) {
      if (share.cooperationId !== cooperation.id) continue;
      if (share.plantId !== plantId && share.portfolioId !== plant.portfolioId) continue;
      for (const { userId: assignee, shareId, role } of world.assignments) {
        if (assignee !== userId || shareId !== share.id) continue;
        if (!world.memberships.some((m) => m.userId === userId && m.organizationId === cooperation.partnerId)) continue;
        held.add(STRENGTH[role] > STRENGTH[share.cap] ? share.cap : role);
      }
    }
  }
  // A deleted user loses all access at once.
  if (world.users.find(({ id }) => id === userId)?.deleted !== false) return undefined;
  if (held.has('operator')) return 'operator';
  if (held.has('technical_manager')) return 'technical_manager';
  if (held.has('asset_manager_commercial')) return 'asset_manager_commercial';
  return held.has('viewer') ? 'viewer' : undefined;
}

const STRENGTH: Record<JobRole, number> = {
  operator: 4,
  technical_manager: 3,
  asset_manager_commercial: 2,
  viewer: 1,
};

/** The subnets that a user may reach: who holds a certificate reaches those of every plant as Operator (VPN-1, VPN-5). */
export function candidatesOf(world: Installation, userId: string): Subnet[] {
  if (!world.certificates.includes(userId)) return [];
  return world.subnets.filter(({ plant }) => roleByTheWords(world, userId, String(plant)) === 'operator');
}

/**
 * Brings a user's memory past a step, by the words of VPN-9: an address keeps its owner until the user chooses, or the
 * owner loses access. A free address may go to any candidate that covers it, so there the oracle takes note of `claimed`,
 * the answer under test, once it is one of those. Returns how many addresses an owner was bound to keep against others.
 */
export function remember(
  memory: Memory,
  candidates: readonly Subnet[],
  addresses: readonly Ip[],
  said: Said | undefined,
  claimed: (address: Ip) => number | undefined,
): number {
  let kept = 0;
  for (const address of addresses) {
    const covering = candidates.filter(({ network }) => covers(network, address)).map(({ subnet }) => subnet);
    const before = memory.owners.get(address);
    if (said?.kind === 'choose' && covering.includes(said.subnet)) memory.owners.set(address, said.subnet);
    else if (before !== undefined && covering.includes(before)) kept += covering.length > 1 ? 1 : 0;
    else {
      const next = claimed(address);
      if (covering.length === 0) memory.owners.delete(address);
      else if (next !== undefined && covering.includes(next)) memory.owners.set(address, next);
      else throw new Error(`${address} is free for ${covering.join(', ')} and was taken by ${next ?? 'nobody'}`);
    }
  }
  if (said?.kind === 'pause') memory.paused.add(said.subnet);
  if (said?.kind === 'resume') memory.paused.delete(said.subnet);
  // Who loses a route loses its pause; it is another route when it comes back.
  for (const subnet of memory.paused) {
    if (!candidates.some((candidate) => candidate.subnet === subnet)) memory.paused.delete(subnet);
  }
  return kept;
}

/** Where a packet must end: `plant address`, or undefined when it must go nowhere. */
export function destination(memory: Memory, candidates: readonly Subnet[], address: Ip): string | undefined {
  const owner = memory.owners.get(address);
  for (const { subnet, plant, network, range } of candidates) {
    if (memory.paused.has(subnet)) continue;
    if (owner === subnet) return `${plant} ${address}`;
    // An alias lies below 240.0.0.0; host n of the alias is host n of the subnet (VPN-10).
    if (range.base < 0xf0000000 && covers(range, address)) return `${plant} ${network.base + (address - range.base)}`;
  }
  return undefined;
}
