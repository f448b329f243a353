import { z } from 'zod';
import { emailSchema, nameSchema, timestamp } from './common.ts';
import { organizationRoleSchema } from './roles.ts';

export const organizationSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    createdAt: timestamp,
    role: organizationRoleSchema.nullable().describe('Your role in it; null when you see it as platform administrator'),
  })
  .meta({ id: 'Organization' });
export type OrganizationJson = z.output<typeof organizationSchema>;

/** A new organization and its first Administrator, who is invited. */
export const organizationInput = z.object({
  name: nameSchema,
  administratorEmail: emailSchema,
  administratorName: nameSchema,
});
export type OrganizationInput = z.output<typeof organizationInput>;

export const newOrganizationSchema = organizationSchema
  .extend({
    administratorId: z.uuid(),
    invitationToken: z
      .string()
      .optional()
      .describe('For the administrator, when the account is new. Shown once, when it was not mailed'),
    mailed: z.boolean().default(false).describe('The invitation went out by mail'),
  })
  .meta({ id: 'NewOrganization' });
export type NewOrganizationJson = z.output<typeof newOrganizationSchema>;

export const organizationPatch = z.object({ name: nameSchema });
export type OrganizationPatch = z.output<typeof organizationPatch>;
