/**
 * `lab/seed` owns what a new lab contains. This file says it as plain values, so that every rule of the product has an
 * example: `seed.ts` makes it so through the public API, `topology.ts` builds the networks of the plants.
 */
import type { JobRole, OrganizationRole } from '../../access/roles.ts';

/** A machine in a plant's network. */
export interface PlantDevice {
  readonly name: string;
  readonly address: string;
  readonly note: string;
}

export interface Plant {
  /** Part of host names: `plant-<slug>`, `<device>.<slug>`. At most 8 letters, for interface names are short. */
  readonly slug: string;
  readonly name: string;
  readonly organization: string;
  readonly portfolio: string;
  readonly subnets: readonly {
    readonly network: string;
    /** The agent's own address in it. */ readonly agent: string;
  }[];
  readonly devices: readonly PlantDevice[];
  /** Whether its agent is enrolled. */
  readonly enrolled: boolean;
}

export interface Account {
  readonly email: string;
  readonly name: string;
  readonly organization: string;
  readonly role: OrganizationRole;
  /** A grant on a plant (by slug) or a portfolio of the own organization. */
  readonly grant?: { readonly on: { readonly plant: string } | { readonly portfolio: string }; readonly role: JobRole };
}

/** What the owner shares with the partner, and to whom the partner assigns it. */
export interface Cooperation {
  readonly owner: string;
  readonly partner: string;
  readonly plant: string;
  readonly cap: JobRole;
  readonly assignee: string;
}

export const PLATFORM_ACCOUNT = { email: 'platform@parkway.test', name: 'Petra Platform' } as const;

export const ORGANIZATIONS = ['Sunfield', 'Nordwind', 'Voltcare'] as const;

export const PORTFOLIOS = [
  { organization: 'Sunfield', name: 'Bavaria' },
  { organization: 'Sunfield', name: 'Saxony' },
  { organization: 'Nordwind', name: 'North Sea' },
] as const;

const web = 'web interface on port 80, self-signed HTTPS with a login on 443';

export const PLANTS: readonly Plant[] = [
  {
    slug: 'gruenau',
    name: 'Solar park Grünau',
    organization: 'Sunfield',
    portfolio: 'Bavaria',
    subnets: [{ network: '192.168.1.0/24', agent: '192.168.1.2' }],
    devices: [
      { name: 'inverter', address: '192.168.1.20', note: `Inverter 1, ${web}` },
      { name: 'logger', address: '192.168.1.30', note: 'Data logger' },
    ],
    enrolled: true,
  },
  {
    slug: 'moos',
    name: 'Solar park Moos',
    organization: 'Sunfield',
    portfolio: 'Saxony',
    subnets: [{ network: '192.168.1.0/24', agent: '192.168.1.2' }],
    devices: [
      { name: 'inverter', address: '192.168.1.20', note: `Inverter 1, ${web}` },
      { name: 'tracker', address: '192.168.1.40', note: 'Tracker control' },
    ],
    enrolled: true,
  },
  {
    slug: 'saale',
    name: 'Solar park Saale',
    organization: 'Sunfield',
    portfolio: 'Bavaria',
    subnets: [{ network: '10.16.0.0/12', agent: '10.16.0.2' }],
    devices: [
      { name: 'meter', address: '10.16.0.20', note: 'Grid meter' },
      { name: 'inverter', address: '10.17.5.20', note: `Inverter 517, ${web}` },
    ],
    enrolled: true,
  },
  {
    slug: 'emden',
    name: 'Battery park Emden',
    organization: 'Sunfield',
    portfolio: 'Saxony',
    subnets: [{ network: '10.17.0.0/16', agent: '10.17.0.2' }],
    devices: [
      { name: 'scada', address: '10.17.0.30', note: 'Plant control' },
      { name: 'battery', address: '10.17.5.20', note: `Battery container 5, ${web}` },
    ],
    enrolled: true,
  },
  {
    slug: 'husum',
    name: 'Wind park Husum',
    organization: 'Nordwind',
    portfolio: 'North Sea',
    subnets: [
      { network: '172.20.4.0/24', agent: '172.20.4.2' },
      { network: '172.20.5.0/24', agent: '172.20.5.2' },
    ],
    devices: [
      { name: 'turbine', address: '172.20.4.20', note: `Turbine 1, ${web}` },
      { name: 'scada', address: '172.20.5.20', note: 'Plant control' },
    ],
    enrolled: true,
  },
  {
    slug: 'sylt',
    name: 'Wind park Sylt',
    organization: 'Nordwind',
    portfolio: 'North Sea',
    subnets: [{ network: '192.168.40.0/24', agent: '192.168.40.2' }],
    devices: [{ name: 'turbine', address: '192.168.40.20', note: `Turbine 1, ${web}` }],
    enrolled: false,
  },
];

export const ACCOUNTS: readonly Account[] = [
  { email: 'administrator@sunfield.test', name: 'Ada Administrator', organization: 'Sunfield', role: 'administrator' },
  { email: 'moderator@sunfield.test', name: 'Mona Moderator', organization: 'Sunfield', role: 'moderator' },
  { email: 'member@sunfield.test', name: 'Max Member', organization: 'Sunfield', role: 'member' },
  { email: 'guest@sunfield.test', name: 'Gus Guest', organization: 'Sunfield', role: 'guest' },
  job('operator', 'Olga Operator', 'operator', { plant: 'gruenau' }),
  job('portfolio-operator', 'Otto Operator', 'operator', { portfolio: 'Bavaria' }),
  job('technical-manager', 'Tim Technical', 'technical_manager', { portfolio: 'Bavaria' }),
  job('commercial', 'Cora Commercial', 'asset_manager_commercial', { portfolio: 'Bavaria' }),
  job('viewer', 'Vera Viewer', 'viewer', { plant: 'gruenau' }),
  { email: 'administrator@nordwind.test', name: 'Anke Administrator', organization: 'Nordwind', role: 'administrator' },
  {
    email: 'operator@nordwind.test',
    name: 'Ole Operator',
    organization: 'Nordwind',
    role: 'member',
    grant: { on: { portfolio: 'North Sea' }, role: 'operator' },
  },
  { email: 'administrator@voltcare.test', name: 'Alma Administrator', organization: 'Voltcare', role: 'administrator' },
  { email: 'operator@voltcare.test', name: 'Oskar Operator', organization: 'Voltcare', role: 'member' },
  { email: 'technical-manager@voltcare.test', name: 'Tara Technical', organization: 'Voltcare', role: 'member' },
];

export const COOPERATIONS: readonly Cooperation[] = [
  { owner: 'Sunfield', partner: 'Voltcare', plant: 'gruenau', cap: 'operator', assignee: 'operator@voltcare.test' },
  {
    owner: 'Nordwind',
    partner: 'Voltcare',
    plant: 'husum',
    cap: 'technical_manager',
    assignee: 'technical-manager@voltcare.test',
  },
];

function job(local: string, name: string, role: JobRole, on: NonNullable<Account['grant']>['on']): Account {
  return { email: `${local}@sunfield.test`, name, organization: 'Sunfield', role: 'member', grant: { on, role } };
}
