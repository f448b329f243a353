import { type JobRole, type OrganizationRole, isLeading } from './roles.ts';

/**
 * What somebody is to a plant: the effective job role, and whether as Administrator or Moderator of the organization that
 * owns it.
 */
export interface Standing {
  readonly role: JobRole | undefined;
  readonly leadsOwner: boolean;
}

/** A column of the capability table: a job role, or leading the organization that owns the plant. */
type Column = JobRole | 'leads_owner';

const EVERY_COLUMN: readonly Column[] = [
  'operator',
  'technical_manager',
  'asset_manager_commercial',
  'viewer',
  'leads_owner',
];

interface Entry {
  /** The words of the product description. */
  readonly title: string;
  readonly columns: readonly Column[];
}

/** What may be done on a plant, and by whom: the capability table of the product description. */
export const CAPABILITIES = {
  'vpn-routes': { title: 'VPN routes', columns: ['operator', 'leads_owner'] },
  'open-targets': {
    title: 'Open targets through the browser proxy',
    columns: ['operator', 'technical_manager', 'leads_owner'],
  },
  'configure-devices': {
    title: 'Configure devices and targets, vault credentials',
    columns: ['operator', 'technical_manager', 'leads_owner'],
  },
  'read-audit-log': {
    title: 'Read the plant’s access audit log',
    columns: ['operator', 'technical_manager', 'leads_owner'],
  },
  'see-direct-vpns': { title: 'See direct VPNs', columns: ['operator', 'technical_manager', 'leads_owner'] },
  'manage-direct-vpns': { title: 'Create, edit, delete direct VPNs', columns: ['leads_owner'] },
  'see-plant': { title: 'See that the plant exists', columns: EVERY_COLUMN },
} as const satisfies Record<string, Entry>;

export type Capability = keyof typeof CAPABILITIES;

/** Whether somebody with this standing on a plant has the capability there. */
export function can(capability: Capability, standing: Standing): boolean {
  const columns: readonly Column[] = CAPABILITIES[capability].columns;
  if (standing.leadsOwner && columns.includes('leads_owner')) return true;
  return standing.role !== undefined && columns.includes(standing.role);
}

interface ActionEntry {
  readonly title: string;
  readonly roles: readonly OrganizationRole[];
}

/** What may be done in an organization, and by which of its roles (ACC-2, ACC-5). A platform administrator has none (ACC-7). */
export const ORGANIZATION_ACTIONS = {
  'manage-members': {
    title: 'Invite and remove Members and Guests, switch between the two',
    roles: ['administrator', 'moderator'],
  },
  'manage-leaders': { title: 'Give or take the role of Administrator or Moderator', roles: ['administrator'] },
  'manage-portfolios': { title: 'Create, rename and delete portfolios', roles: ['administrator', 'moderator'] },
  'manage-plants': {
    title: 'Create, change and delete plants, their subnets and their agents',
    roles: ['administrator', 'moderator'],
  },
  'manage-grants': {
    title: 'Grant and withdraw job roles on the organization’s plants and portfolios',
    roles: ['administrator', 'moderator'],
  },
  'manage-cooperations': {
    title: 'Invite to, accept, pause and end cooperations; share into them; assign what was received',
    roles: ['administrator'],
  },
} as const satisfies Record<string, ActionEntry>;

export type OrganizationAction = keyof typeof ORGANIZATION_ACTIONS;

/** Whether a role in an organization allows an administrative action there; undefined is somebody who is no member. */
export function mayAdminister(action: OrganizationAction, role: OrganizationRole | undefined): boolean {
  const roles: readonly OrganizationRole[] = ORGANIZATION_ACTIONS[action].roles;
  return role !== undefined && roles.includes(role);
}

/**
 * The action that a change of membership is. `before` and `after` are the roles; undefined is none, so that inviting and
 * removing are changes too. A Moderator can neither make an Administrator nor remove one.
 */
export function membershipAction(
  before: OrganizationRole | undefined,
  after: OrganizationRole | undefined,
): OrganizationAction {
  return [before, after].some((role) => role !== undefined && isLeading(role)) ? 'manage-leaders' : 'manage-members';
}
