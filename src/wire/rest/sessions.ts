import { z } from 'zod';
import { timestamp } from './common.ts';
import { organizationRoleSchema } from './roles.ts';
import { scopeSchema } from './tokens.ts';

export const userSchema = z.object({ id: z.uuid(), email: z.string(), name: z.string() }).meta({ id: 'User' });
export type UserJson = z.output<typeof userSchema>;

/** How the session's secret is to be handed over. */
export const cookieInput = z
  .boolean()
  .default(false)
  .describe('For browsers: the secret is set as a cookie that scripts cannot read, and is not in the answer');

/** What is signed in with. Neither field is judged: whatever is no account's gets the same answer (USR-2). */
export const signInInput = z.object({
  email: z.string().min(1).max(254),
  password: z.string().min(1).max(200),
  cookie: cookieInput,
});
export type SignInInput = z.output<typeof signInInput>;

/** A session that was just opened. */
export const openedSessionSchema = z
  .object({
    token: z.string().optional().describe('Shown this once; absent when it was set as a cookie'),
    expiresAt: timestamp.describe('When it ends, used or not'),
    user: userSchema,
  })
  .meta({ id: 'NewSession' });
export type OpenedSessionJson = z.output<typeof openedSessionSchema>;

/** The same as whoever asked for no cookie gets it. */
export const newSessionSchema = z.object({ token: z.string(), expiresAt: timestamp, user: userSchema });
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
