import { z } from 'zod';
import { JOB_ROLES, ORGANIZATION_ROLES } from '../../access/roles.ts';

/** Role in an organization, weakest first (ACC-2). */
export const organizationRoleSchema = z.enum(ORGANIZATION_ROLES).meta({ id: 'OrganizationRole' });

/** Role on a plant, weakest first (ACC-3). */
export const jobRoleSchema = z.enum(JOB_ROLES).meta({ id: 'JobRole' });

/** A thing as another one mentions it. */
export const namedSchema = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'Named' });
export type Named = z.output<typeof namedSchema>;

/** A person as another thing mentions them. */
export const personSchema = z.object({ id: z.uuid(), name: z.string(), email: z.string() }).meta({ id: 'Person' });

/** What a grant or a share is on: exactly one of the two. */
export const targetInput = {
  plantId: z.uuid().optional(),
  portfolioId: z.uuid().optional(),
};

/** Refines an input that carries `targetInput`. */
export const oneTarget = [
  (input: { plantId?: string | undefined; portfolioId?: string | undefined }) =>
    (input.plantId === undefined) !== (input.portfolioId === undefined),
  { message: 'give either plantId or portfolioId', path: ['plantId'] },
] satisfies [unknown, unknown];
