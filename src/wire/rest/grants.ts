import { z } from 'zod';
import { timestamp } from './common.ts';
import { jobRoleSchema, namedSchema, oneTarget, personSchema, targetInput } from './roles.ts';

export const grantSchema = z
  .object({
    id: z.uuid(),
    organizationId: z.uuid(),
    user: personSchema,
    plant: namedSchema.nullable(),
    portfolio: namedSchema.nullable(),
    role: jobRoleSchema,
    createdAt: timestamp,
  })
  .meta({ id: 'Grant' });
export type GrantJson = z.output<typeof grantSchema>;

export const grantInput = z.object({ userId: z.uuid(), ...targetInput, role: jobRoleSchema }).refine(...oneTarget);
export type GrantInput = z.output<typeof grantInput>;

export const rolePatch = z.object({ role: jobRoleSchema });
export type RolePatch = z.output<typeof rolePatch>;
