import { formatCidr } from '../../net/cidr.ts';
import { formatIp } from '../../net/ip.ts';
import { DEFAULT_POOLS } from '../../net/pools.ts';
import type { Tx } from '../../store/db.ts';
import type { SlotRow } from '../../store/slots.ts';
import { idOf, keyOf } from './identity.ts';
import { insertAll } from './insert.ts';
import type { Installation, Target } from './model.ts';
import { agentAddress, rangesOf, userAddress } from './ranges.ts';

/** Where the numbers of an installation begin in the database that takes it. */
export interface Bases {
  readonly seed: number;
  /** The revision before its first change. */
  readonly revision: number;
  readonly users: number;
  readonly plants: number;
  readonly subnets: number;
  readonly slots: readonly SlotRow[];
}

type Inserting = (tx: Tx, installation: Installation, bases: Bases) => Promise<void>;

/** What an organization may take of the alias pool unless the platform gave it more. */
const USUAL_QUOTA = 262_144;

/** What is loaded, in the order in which one thing hangs on another. */
export const STEPS: readonly (readonly [title: string, insert: Inserting])[] = [
  ['organizations', organizations],
  ['plants and agents', plants],
  ['people and certificates', people],
  ['roles', roles],
  ['cooperations', cooperations],
];

async function organizations(tx: Tx, installation: Installation, { seed }: Bases): Promise<void> {
  const ranges = rangesOf(installation.subnets, DEFAULT_POOLS);
  const used = new Map<number, number>();
  for (const [n, { organization, network }] of installation.subnets.entries())
    if (ranges[n]?.pool === 'alias') used.set(organization, (used.get(organization) ?? 0) + 2 ** (32 - network.length));
  await insertAll(tx, 'organizations', installation.organizations, {
    id: ['uuid', (_, n) => idOf(seed, 'organization', n)],
    name: ['text', ({ name }) => name],
    alias_quota: ['bigint', (_, n) => Math.max(USUAL_QUOTA, 2 * (used.get(n) ?? 0))],
  });
  await insertAll(tx, 'portfolios', installation.portfolios, {
    id: ['uuid', (_, n) => idOf(seed, 'portfolio', n)],
    organization_id: ['uuid', ({ organization }) => idOf(seed, 'organization', organization)],
    name: ['text', ({ name }) => name],
  });
}

async function plants(tx: Tx, installation: Installation, { seed, ...bases }: Bases): Promise<void> {
  const owner = [
    'uuid',
    ({ organization }: { organization: number }) => idOf(seed, 'organization', organization),
  ] as const;
  const at = ['uuid', ({ plant }: { plant: number }) => idOf(seed, 'plant', plant)] as const;
  await insertAll(tx, 'plants', installation.plants, {
    id: ['uuid', (_, n) => idOf(seed, 'plant', n)],
    no: ['int', (_, n) => bases.plants + n],
    organization_id: owner,
    portfolio_id: ['uuid', ({ portfolio }) => idOf(seed, 'portfolio', portfolio)],
    name: ['text', ({ name }) => name],
  });
  const ranges = rangesOf(installation.subnets, DEFAULT_POOLS);
  await insertAll(tx, 'subnets', installation.subnets, {
    id: ['uuid', (_, n) => idOf(seed, 'subnet', n)],
    no: ['int', (_, n) => bases.subnets + n],
    organization_id: owner,
    plant_id: at,
    network: ['cidr', ({ network }) => formatCidr(network)],
    unique_range: ['cidr', (_, n) => ranges[n]?.range ?? null],
    pool: ['text', (_, n) => ranges[n]?.pool ?? null],
    since: ['bigint', ({ since }) => bases.revision + since],
  });
  await insertAll(tx, 'devices', installation.devices, {
    id: ['uuid', (_, n) => idOf(seed, 'device', n)],
    organization_id: owner,
    plant_id: at,
    name: ['text', ({ name }) => name],
    address: ['inet', ({ address }) => address],
  });
  await insertAll(tx, 'agents', installation.plants, {
    id: ['uuid', (_, n) => idOf(seed, 'agent', n)],
    plant_no: ['int', (_, n) => bases.plants + n],
    identity_key: ['text', (_, n) => keyOf(seed, 'agent identity', n)],
    tunnel_key: ['text', (_, n) => keyOf(seed, 'agent tunnel', n)],
    address: ['inet', (_, n) => formatIp(agentAddress(DEFAULT_POOLS.infrastructure, n))],
  });
}

async function people(tx: Tx, installation: Installation, { seed, ...bases }: Bases): Promise<void> {
  await insertAll(tx, 'users', installation.people, {
    id: ['uuid', (_, n) => idOf(seed, 'person', n)],
    no: ['int', (_, n) => bases.users + n],
    email: ['text', ({ name }, n) => `${name.toLowerCase().replace(' ', '.')}.${n}@scale.test`],
    name: ['text', ({ name }) => name],
  });
  await insertAll(tx, 'memberships', installation.memberships, {
    organization_id: ['uuid', ({ organization }) => idOf(seed, 'organization', organization)],
    user_id: ['uuid', ({ person }) => idOf(seed, 'person', person)],
    role: ['organization_role', ({ role }) => role],
  });
  const slotOf = (n: number): SlotRow => {
    const slot = bases.slots[n % bases.slots.length];
    if (slot === undefined) throw new Error('There is no entry point yet: add a slot first.');
    return slot;
  };
  await insertAll(tx, 'certificates', installation.certificates, {
    user_id: ['uuid', ({ person }) => idOf(seed, 'person', person)],
    slot_no: ['int', (_, n) => slotOf(n).no],
    address: ['inet', (_, n) => userAddress(slotOf(n).users, Math.floor(n / bases.slots.length))],
    public_key: ['text', (_, n) => keyOf(seed, 'certificate', n)],
    profile: ['text', ({ profile }) => profile],
    revision: ['bigint', ({ since }) => bases.revision + since],
  });
}

async function roles(tx: Tx, installation: Installation, { seed }: Bases): Promise<void> {
  await insertAll(tx, 'grants', installation.grants, {
    id: ['uuid', (_, n) => idOf(seed, 'grant', n)],
    organization_id: ['uuid', ({ organization }) => idOf(seed, 'organization', organization)],
    user_id: ['uuid', ({ person }) => idOf(seed, 'person', person)],
    portfolio_id: ['uuid', ({ on }) => portfolioOf(seed, on)],
    plant_id: ['uuid', ({ on }) => plantOf(seed, on)],
    role: ['job_role', ({ role }) => role],
  });
}

async function cooperations(tx: Tx, installation: Installation, { seed }: Bases): Promise<void> {
  const cooperationOf = (n: number) => installation.cooperations[n] ?? { owner: -1, partner: -1 };
  const shareOf = (n: number) => installation.shares[n]?.cooperation ?? -1;
  await insertAll(tx, 'cooperations', installation.cooperations, {
    id: ['uuid', (_, n) => idOf(seed, 'cooperation', n)],
    owner_id: ['uuid', ({ owner }) => idOf(seed, 'organization', owner)],
    partner_id: ['uuid', ({ partner }) => idOf(seed, 'organization', partner)],
    status: ['cooperation_status', ({ status }) => status],
  });
  await insertAll(tx, 'shares', installation.shares, {
    id: ['uuid', (_, n) => idOf(seed, 'share', n)],
    cooperation_id: ['uuid', ({ cooperation }) => idOf(seed, 'cooperation', cooperation)],
    owner_id: ['uuid', ({ cooperation }) => idOf(seed, 'organization', cooperationOf(cooperation).owner)],
    portfolio_id: ['uuid', ({ on }) => portfolioOf(seed, on)],
    plant_id: ['uuid', ({ on }) => plantOf(seed, on)],
    cap: ['job_role', ({ cap }) => cap],
  });
  await insertAll(tx, 'assignments', installation.assignments, {
    id: ['uuid', (_, n) => idOf(seed, 'assignment', n)],
    share_id: ['uuid', ({ share }) => idOf(seed, 'share', share)],
    cooperation_id: ['uuid', ({ share }) => idOf(seed, 'cooperation', shareOf(share))],
    partner_id: ['uuid', ({ share }) => idOf(seed, 'organization', cooperationOf(shareOf(share)).partner)],
    user_id: ['uuid', ({ person }) => idOf(seed, 'person', person)],
    role: ['job_role', ({ role }) => role],
  });
}

function portfolioOf(seed: number, on: Target): string | null {
  return 'portfolio' in on ? idOf(seed, 'portfolio', on.portfolio) : null;
}

function plantOf(seed: number, on: Target): string | null {
  return 'plant' in on ? idOf(seed, 'plant', on.plant) : null;
}
