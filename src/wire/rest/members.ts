import { z } from 'zod';
import { emailSchema, nameSchema, passwordSchema, timestamp } from './common.ts';
import { organizationRoleSchema } from './roles.ts';
import { cookieInput } from './sessions.ts';

export const memberSchema = z
  .object({
    userId: z.uuid(),
    name: z.string(),
    email: z.string(),
    role: organizationRoleSchema,
    invited: z.boolean().describe('The invitation has not been accepted yet'),
    createdAt: timestamp,
  })
  .meta({ id: 'Member' });
export type MemberJson = z.output<typeof memberSchema>;

export const memberInput = z.object({ email: emailSchema, name: nameSchema, role: organizationRoleSchema });
export type MemberInput = z.output<typeof memberInput>;

export const newMemberSchema = z
  .object({
    userId: z.uuid(),
    invitationToken: z
      .string()
      .optional()
      .describe('Single use, valid for 7 days, shown once; when the account is new and no mail went out'),
    mailed: z.boolean().default(false).describe('The invitation went out by mail'),
  })
  .meta({ id: 'NewMember' });
export type NewMemberJson = z.output<typeof newMemberSchema>;

export const memberPatch = z.object({ role: organizationRoleSchema });
export type MemberPatch = z.output<typeof memberPatch>;

/** Path parameters of a member. */
export const memberParams = z.object({ id: z.uuid(), userId: z.uuid() });

export const acceptInput = z.object({
  token: z.string().min(1).max(200),
  name: nameSchema.optional(),
  password: passwordSchema,
  cookie: cookieInput,
});
export type AcceptInput = z.output<typeof acceptInput>;
