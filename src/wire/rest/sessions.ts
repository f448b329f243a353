import { z } from 'zod';
import { timestamp } from './common.ts';
import { organizationRoleSchema } from './roles.ts';
import { scopeSchema } from './tokens.ts';

export const userSchema = z.object({ id: z.uuid(), email: z.string(), name: z.string() }).meta({ id: 'User' });
export type UserJson = z.output<typeof userSchema>;

/** What is signed in with. Neither field is judged: whatever is no account's gets the same answer (USR-2). */
export const signInInput = z.object({ email: z.string().min(1).max(254), password: z.string().min(1).max(200) });
export type SignInInput = z.output<typeof signInInput>;

/** A session that was just opened; the token is shown this once. */
export const newSessionSchema = z
  .object({ token: z.string(), expiresAt: timestamp, user: userSchema })
  .meta({ id: 'NewSession' });
export type NewSessionJson = z.output<typeof newSessionSchema>;

/** Who is signed in, and as what. */
export const meSchema = z
  .object({
    user: userSchema,
    platformAdministrator: z.boolean(),
    memberships: z.array(
      z.object({ organizationId: z.uuid(), organizationName: z.string(), role: organizationRoleSchema }),
    ),
    scopes: z.array(scopeSchema).nullable().describe('Of the API token; null for a session, which may do everything'),
  })
  .meta({ id: 'Me' });
export type MeJson = z.output<typeof meSchema>;
