import type { Cidr } from '../../net/cidr.ts';
import { type CooperationStatus, JOB_ROLES, ORGANIZATION_ROLES } from '../roles.ts';
import {
  type Installation,
  addSubnet,
  nextNumber,
  removeMembership,
  removePlants,
  removeShares,
} from './installation.ts';

/** One step of a run. `draws` decide what it is about; `network` is for a new subnet. */
export interface Step {
  readonly kind: ChangeKind | SettingKind;
  readonly draws: readonly number[];
  readonly network: Cidr;
}

/** What a user said about a route of theirs. */
export interface Said {
  readonly kind: SettingKind;
  readonly userId: string;
  readonly subnet: number;
}

export type SettingKind = (typeof SETTING_KINDS)[number];
export const SETTING_KINDS = ['choose', 'pause', 'resume'] as const;

/** Takes the next draw: one of a list, or undefined when it is empty. */
type Draw = <T>(list: readonly T[]) => T | undefined;

// Operator is what gives routes, so it is drawn most often.
const ROLES = [...JOB_ROLES, 'operator', 'operator', 'operator', 'operator'] as const;

/** Everything that may happen to an installation but for what users say about their routes. */
const CHANGES = {
  addUser(world: Installation) {
    const id = `user-${nextNumber(world)}`;
    world.users = [...world.users, { id, deleted: false }];
    world.certificates = [...world.certificates, id];
  },
  deleteUser(world: Installation, draw: Draw) {
    const user = draw(world.users);
    world.users = world.users.map((row) => (row === user ? { ...row, deleted: true } : row));
  },
  setMembership(world: Installation, draw: Draw) {
    const [user, organizationId, role] = [draw(world.users), draw(world.organizations), draw(ORGANIZATION_ROLES)];
    if (user === undefined || organizationId === undefined || role === undefined) return;
    const others = world.memberships.filter((row) => row.userId !== user.id || row.organizationId !== organizationId);
    world.memberships = [...others, { organizationId, userId: user.id, role }];
  },
  endMembership(world: Installation, draw: Draw) {
    const row = draw(world.memberships);
    if (row !== undefined) removeMembership(world, row.organizationId, row.userId);
  },
  addPortfolio(world: Installation, draw: Draw) {
    const organizationId = draw(world.organizations);
    if (organizationId === undefined) return;
    world.portfolios = [...world.portfolios, { id: `portfolio-${nextNumber(world)}`, organizationId }];
  },
  deletePortfolio(world: Installation, draw: Draw) {
    const gone = draw(world.portfolios);
    if (gone === undefined) return;
    removePlants(world, new Set(world.plants.filter((row) => row.portfolioId === gone.id).map(({ id }) => id)));
    removeShares(world, ({ portfolioId }) => portfolioId === gone.id);
    world.grants = world.grants.filter(({ portfolioId }) => portfolioId !== gone.id);
    world.portfolios = world.portfolios.filter((row) => row !== gone);
  },
  addPlant(world: Installation, draw: Draw, network: Cidr) {
    const portfolio = draw(world.portfolios);
    if (portfolio === undefined) return;
    const plant = nextNumber(world);
    const { id: portfolioId, organizationId } = portfolio;
    world.plants = [...world.plants, { id: String(plant), organizationId, portfolioId }];
    addSubnet(world, plant, network);
  },
  movePlant(world: Installation, draw: Draw) {
    const plant = draw(world.plants);
    const portfolio = draw(world.portfolios.filter((row) => row.organizationId === plant?.organizationId));
    if (portfolio === undefined) return;
    world.plants = world.plants.map((row) => (row === plant ? { ...row, portfolioId: portfolio.id } : row));
  },
  deletePlant(world: Installation, draw: Draw) {
    const plant = draw(world.plants);
    if (plant !== undefined) removePlants(world, new Set([plant.id]));
  },
  addSubnet(world: Installation, draw: Draw, network: Cidr) {
    const plant = draw(world.plants);
    if (plant !== undefined) addSubnet(world, Number(plant.id), network);
  },
  removeSubnet(world: Installation, draw: Draw) {
    const gone = draw(world.subnets);
    world.subnets = world.subnets.filter((row) => row !== gone);
  },
  grant(world: Installation, draw: Draw) {
    const [member, role] = [draw(world.memberships), draw(ROLES)];
    const target = drawTarget(world, draw, member?.organizationId);
    if (member === undefined || role === undefined || target === undefined) return;
    const { organizationId, userId } = member;
    const grants = world.grants.filter(
      (row) => row.userId !== userId || row.plantId !== target.plantId || row.portfolioId !== target.portfolioId,
    );
    world.grants = [...grants, { id: `grant-${nextNumber(world)}`, organizationId, userId, role, ...target }];
  },
  withdraw(world: Installation, draw: Draw) {
    const gone = draw(world.grants);
    world.grants = world.grants.filter((row) => row !== gone);
  },
  invite(world: Installation, draw: Draw) {
    const ownerId = draw(world.organizations);
    const partnerId = draw(world.organizations.filter((id) => id !== ownerId));
    const isLive = world.cooperations.some(
      (row) => row.ownerId === ownerId && row.partnerId === partnerId && row.status !== 'ended',
    );
    if (ownerId === undefined || partnerId === undefined || isLive) return;
    const id = `cooperation-${nextNumber(world)}`;
    world.cooperations = [...world.cooperations, { id, ownerId, partnerId, status: 'pending' }];
  },
  accept: (world: Installation, draw: Draw) => move(world, draw, ['pending'], 'active'),
  pauseCooperation: (world: Installation, draw: Draw) => move(world, draw, ['active'], 'paused'),
  resumeCooperation: (world: Installation, draw: Draw) => move(world, draw, ['paused'], 'active'),
  endCooperation: (world: Installation, draw: Draw) => move(world, draw, ['pending', 'active', 'paused'], 'ended'),
  share(world: Installation, draw: Draw) {
    const [cooperation, cap] = [draw(world.cooperations), draw(ROLES)];
    const target = drawTarget(world, draw, cooperation?.ownerId);
    if (cooperation === undefined || cap === undefined || target === undefined) return;
    const { id: cooperationId, ownerId } = cooperation;
    removeShares(
      world,
      (row) =>
        row.cooperationId === cooperationId && row.plantId === target.plantId && row.portfolioId === target.portfolioId,
    );
    world.shares = [...world.shares, { id: `share-${nextNumber(world)}`, cooperationId, ownerId, cap, ...target }];
  },
  setCap(world: Installation, draw: Draw) {
    const [share, cap] = [draw(world.shares), draw(ROLES)];
    if (cap === undefined) return;
    world.shares = world.shares.map((row) => (row === share ? { ...row, cap } : row));
  },
  endShare(world: Installation, draw: Draw) {
    const gone = draw(world.shares);
    removeShares(world, (share) => share === gone);
  },
  assign(world: Installation, draw: Draw) {
    const [share, role] = [draw(world.shares), draw(ROLES)];
    const cooperation = world.cooperations.find(({ id }) => id === share?.cooperationId);
    const member = draw(world.memberships.filter((row) => row.organizationId === cooperation?.partnerId));
    if (share === undefined || cooperation === undefined || member === undefined || role === undefined) return;
    const others = world.assignments.filter((row) => row.shareId !== share.id || row.userId !== member.userId);
    const { id: cooperationId, partnerId } = cooperation;
    const id = `assignment-${nextNumber(world)}`;
    world.assignments = [...others, { id, shareId: share.id, cooperationId, partnerId, userId: member.userId, role }];
  },
  unassign(world: Installation, draw: Draw) {
    const gone = draw(world.assignments);
    world.assignments = world.assignments.filter((row) => row !== gone);
  },
  issue(world: Installation, draw: Draw) {
    const user = draw(world.users.filter(({ id }) => !world.certificates.includes(id)));
    if (user !== undefined) world.certificates = [...world.certificates, user.id];
  },
  revoke(world: Installation, draw: Draw) {
    const gone = draw(world.certificates);
    world.certificates = world.certificates.filter((id) => id !== gone);
  },
} as const;

export type ChangeKind = keyof typeof CHANGES;

function isChange(kind: string): kind is ChangeKind {
  return kind in CHANGES;
}

export const CHANGE_KINDS: readonly ChangeKind[] = Object.keys(CHANGES).filter(isChange);

function move(world: Installation, draw: Draw, from: readonly CooperationStatus[], status: CooperationStatus): void {
  const moved = draw(world.cooperations.filter((row) => from.includes(row.status)));
  world.cooperations = world.cooperations.map((row) => (row === moved ? { ...row, status } : row));
}

function drawTarget(world: Installation, draw: Draw, organizationId: string | undefined) {
  const isOwn = (row: { organizationId: string }) => row.organizationId === organizationId;
  return draw([
    ...world.plants.filter(isOwn).map(({ id }) => ({ plantId: id, portfolioId: null })),
    ...world.portfolios.filter(isOwn).map(({ id }) => ({ plantId: null, portfolioId: id })),
  ]);
}

/** Makes one step at a revision of its own. Returns what a user said about a route, when that is what the step is. */
export function make(world: Installation, step: Step): Said | undefined {
  world.revision += 1;
  const draws = step.draws.values();
  const draw: Draw = (list) => list[(draws.next().value ?? 0) % list.length];
  if (isChange(step.kind)) {
    CHANGES[step.kind](world, draw, step.network);
    return undefined;
  }
  const userId = draw([...new Set(world.reach.map((row) => row.userId))]);
  const plants = world.reach.filter((row) => row.userId === userId).map(({ plant }) => plant);
  const route = draw(world.subnets.filter(({ plant }) => plants.includes(plant)));
  if (userId === undefined || route === undefined) return undefined;
  const { subnet } = route;
  const isThis = (row: { userId: string; subnet: number }) => row.userId === userId && row.subnet === subnet;
  const { chosen, paused } = world.settings.find(isThis) ?? { chosen: 0, paused: false };
  const setting = {
    userId,
    subnet,
    chosen: step.kind === 'choose' ? world.revision : chosen,
    paused: step.kind === 'choose' ? paused : step.kind === 'pause',
  };
  world.settings = [...world.settings.filter((row) => !isThis(row)), setting];
  return { kind: step.kind, userId, subnet };
}
