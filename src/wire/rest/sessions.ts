import { z } from 'zod';
import { nameSchema, timestamp } from './common.ts';
import { organizationRoleSchema } from './roles.ts';
import { codeSchema } from './second-factor.ts';
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

/** The password was right; a code is due. */
export const challengeSchema = z
  .object({ challenge: z.string().describe('For POST /sessions/challenge, with the code'), expiresAt: timestamp })
  .meta({ id: 'Challenge' });
export type ChallengeJson = z.output<typeof challengeSchema>;

export const challengeInput = z.object({
  challenge: z.string().min(1).max(200),
  code: codeSchema,
  cookie: cookieInput,
});
export type ChallengeInput = z.output<typeof challengeInput>;

/** One of one's own sessions. */
export const sessionSchema = z
  .object({
    id: z.uuid(),
    current: z.boolean().describe('The one that asks'),
    browser: z.boolean().describe('Held by a browser; else by a program such as the command line'),
    device: z
      .object({ client: z.string().nullable(), system: z.string().nullable() })
      .describe('As it named itself: Firefox, Windows'),
    source: z.string().nullable().describe('The address it was opened from'),
    place: z.object({ city: z.string().nullable(), country: z.string().nullable() }).nullable(),
    createdAt: timestamp,
    lastUsedAt: timestamp.describe('Up to a minute late'),
    expiresAt: timestamp.describe('When it ends unless it is used'),
  })
  .meta({ id: 'Session' });
export type SessionJson = z.output<typeof sessionSchema>;

/** What one chose for the screen; null: as the browser has it. */
export const preferencesSchema = z
  .object({
    language: z.enum(['en', 'de', 'es', 'fr', 'pt', 'it']).nullable(),
    theme: z.enum(['system', 'light', 'dark']),
    timeZone: z.string().nullable(),
    density: z.enum(['comfortable', 'compact']),
  })
  .meta({ id: 'Preferences' });
export type PreferencesJson = z.output<typeof preferencesSchema>;

export const preferencesPatch = z
  .object({
    language: preferencesSchema.shape.language,
    theme: preferencesSchema.shape.theme,
    timeZone: z.string().max(60).refine(isTimeZone, 'must be one such as Europe/Berlin').nullable(),
    density: preferencesSchema.shape.density,
  })
  .partial();
export type PreferencesPatch = z.output<typeof preferencesPatch>;

export const mePatch = z.object({ name: nameSchema });

/** Who is signed in, and as what. */
export const meSchema = z
  .object({
    user: userSchema,
    platformAdministrator: z.boolean(),
    memberships: z.array(
      z.object({ organizationId: z.uuid(), organizationName: z.string(), role: organizationRoleSchema }),
    ),
    hasPassword: z.boolean().describe('Without one, people sign in with a provider only'),
    secondFactor: z
      .enum(['on', 'off', 'setup-recommended'])
      .describe('setup-recommended: off, and the account leads others or the recovery code was just used up'),
    via: z
      .object({
        kind: z.enum(['session', 'token']),
        id: z.uuid(),
        browser: z.boolean(),
        secondFactor: z.enum(['none', 'code', 'recovery']).describe('What this session was opened with'),
        idleUntil: timestamp.nullable().describe('When it ends unless it is used'),
        expiresAt: timestamp.nullable().describe('When it ends for good'),
      })
      .describe('How this request proved who it is'),
    preferences: preferencesSchema,
    scopes: z.array(scopeSchema).nullable().describe('Of the API token; null for a session, which may do everything'),
  })
  .meta({ id: 'Me' });
export type MeJson = z.output<typeof meSchema>;

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // A RangeError: there is none of this name.
    return false;
  }
}
