/**
 * `access` owns who may do what, as pure functions over plain values: roles and the sources that give them, what each
 * role may do, who owns contested addresses, and the routes that follow. It knows no database and no kernel; `store` holds
 * the same rules as a view and a test keeps the two equal.
 *
 * This file: job roles on plants, and every source of one (ACC-3 to ACC-6, ACC-9).
 */

/** Organization roles, weakest first (ACC-2). */
export const ORGANIZATION_ROLES = ['guest', 'member', 'moderator', 'administrator'] as const;
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];

/** Job roles on a plant, weakest first (ACC-3). */
export const JOB_ROLES = ['viewer', 'asset_manager_commercial', 'technical_manager', 'operator'] as const;
export type JobRole = (typeof JOB_ROLES)[number];

export type CooperationStatus = 'pending' | 'active' | 'paused' | 'ended';

/** What a grant or a share is on: exactly one of the two is set. */
interface Target {
  readonly portfolioId: string | null;
  readonly plantId: string | null;
}

/** Everything that roles follow from: rows of the tables of these names, whose foreign keys hold. */
export interface Facts {
  readonly users: readonly { readonly id: string; readonly deleted: boolean }[];
  readonly memberships: readonly {
    readonly organizationId: string;
    readonly userId: string;
    readonly role: OrganizationRole;
  }[];
  readonly portfolios: readonly { readonly id: string; readonly organizationId: string }[];
  readonly plants: readonly { readonly id: string; readonly organizationId: string; readonly portfolioId: string }[];
  readonly grants: readonly (Target & {
    readonly id: string;
    readonly organizationId: string;
    readonly userId: string;
    readonly role: JobRole;
  })[];
  readonly cooperations: readonly {
    readonly id: string;
    readonly ownerId: string;
    readonly partnerId: string;
    readonly status: CooperationStatus;
  }[];
  readonly shares: readonly (Target & {
    readonly id: string;
    readonly cooperationId: string;
    readonly ownerId: string;
    readonly cap: JobRole;
  })[];
  readonly assignments: readonly {
    readonly id: string;
    readonly shareId: string;
    readonly cooperationId: string;
    readonly partnerId: string;
    readonly userId: string;
    readonly role: JobRole;
  }[];
}

/** One reason why a user has a role on a plant (ACC-6). */
export interface Source {
  readonly source: 'membership' | 'plant-grant' | 'portfolio-grant' | 'plant-share' | 'portfolio-share';
  /** Id of the organization for a membership, of the grant, or of the assignment for a share. */
  readonly sourceId: string;
  /** The role that it gives; for a share, what is left under the owner's cap. */
  readonly role: JobRole;
}

/** Orders job roles, the weakest first. */
export function compareJobRoles(a: JobRole, b: JobRole): number {
  return JOB_ROLES.indexOf(a) - JOB_ROLES.indexOf(b);
}

/** The weaker of two job roles: what is left of a role under a cap (ACC-5). */
export function weakerRole(a: JobRole, b: JobRole): JobRole {
  return compareJobRoles(a, b) <= 0 ? a : b;
}

/** Whether an organization role leads its organization: it holds Operator on every plant of it (ACC-4). */
export function isLeading(role: OrganizationRole): boolean {
  return role === 'administrator' || role === 'moderator';
}

/**
 * Every source that gives a user a role on a plant, in the order of the tables: membership, grants, shares. Empty for an
 * unknown or deleted user (ACC-9) and for an unknown plant.
 */
export function sourcesOn(facts: Facts, userId: string, plantId: string): Source[] {
  const plant = facts.plants.find(({ id }) => id === plantId);
  if (plant === undefined || !facts.users.some(({ id, deleted }) => id === userId && !deleted)) return [];
  const owner = plant.organizationId;
  const isOn = (target: Target) => target.plantId === plant.id || target.portfolioId === plant.portfolioId;

  const memberships = facts.memberships
    .filter((row) => row.userId === userId && row.organizationId === owner && isLeading(row.role))
    .map((): Source => ({ source: 'membership', sourceId: owner, role: 'operator' }));

  const grants = facts.grants
    .filter((row) => row.userId === userId && row.organizationId === owner && isOn(row))
    .map((row): Source => {
      return { source: row.plantId === null ? 'portfolio-grant' : 'plant-grant', sourceId: row.id, role: row.role };
    });

  const active = new Set(facts.cooperations.filter(({ status }) => status === 'active').map(({ id }) => id));
  const shares = facts.shares.filter((row) => row.ownerId === owner && active.has(row.cooperationId) && isOn(row));
  const assignments = shares.flatMap((share) =>
    facts.assignments
      .filter((row) => row.userId === userId && row.shareId === share.id)
      .map((row): Source => {
        const source = share.plantId === null ? 'portfolio-share' : 'plant-share';
        return { source, sourceId: row.id, role: weakerRole(row.role, share.cap) };
      }),
  );
  return [...memberships, ...grants, ...assignments];
}

/** The strongest role that any source gives (ACC-6), or undefined when there is no source. */
export function effectiveRole(sources: readonly Source[]): JobRole | undefined {
  return sources
    .map(({ role }) => role)
    .sort(compareJobRoles)
    .at(-1);
}
