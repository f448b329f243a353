import { z } from 'zod';
import { jobRoleSchema, namedSchema, organizationRoleSchema, personSchema } from './roles.ts';

/** One reason why somebody has a role on a plant (ACC-6). What does not apply to its kind is absent. */
export const sourceSchema = z
  .object({
    source: z.enum(['membership', 'plant-grant', 'portfolio-grant', 'plant-share', 'portfolio-share']),
    id: z.uuid().describe('Of the organization for a membership, of the grant, of the assignment for a share'),
    role: jobRoleSchema.describe('What this source gives'),
    sentence: z.string().describe('The same in words'),
    organization: namedSchema.describe('Whose Administrators or Moderators can take it away'),
    organizationRole: organizationRoleSchema.optional().describe('For a membership'),
    portfolio: namedSchema.optional().describe('When it comes by the portfolio'),
    cooperation: z
      .object({ id: z.uuid(), shareId: z.uuid(), owner: namedSchema, cap: jobRoleSchema, assigned: jobRoleSchema })
      .optional()
      .describe('For a share'),
  })
  .meta({ id: 'AccessSource' });
export type SourceJson = z.output<typeof sourceSchema>;

const explained = { role: jobRoleSchema.describe('The strongest of the sources'), sources: z.array(sourceSchema) };

/** Somebody who has a role on a plant. */
export const plantAccessSchema = z.object({ user: personSchema, ...explained }).meta({ id: 'PlantAccess' });
export type PlantAccessJson = z.output<typeof plantAccessSchema>;

/** One's own role on a plant. */
export const ownAccessSchema = z.object(explained).meta({ id: 'OwnAccess' });
export type OwnAccessJson = z.output<typeof ownAccessSchema>;

/** A plant that a member has a role on. */
export const memberAccessSchema = z.object({ plant: namedSchema, ...explained }).meta({ id: 'MemberAccess' });
export type MemberAccessJson = z.output<typeof memberAccessSchema>;
