import { z } from 'zod';
import { timestamp } from './common.ts';

/** A path of this very server: no other origin, however a browser reads it. */
function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) && URL.parse(path, 'https://own.invalid')?.host === 'own.invalid';
}

/** Where the app goes on afterwards. */
export const returnPath = z
  .string()
  .max(500)
  .refine(isOwnPath, 'must be a path of this server, such as /plants')
  .default('/');

export const returnQuery = z.object({ return: returnPath });
export const returnInput = z.object({ return: returnPath });

/** What the sign-in page offers. */
export const signInMethodsSchema = z
  .object({
    password: z.boolean(),
    oidc: z.object({ name: z.string().describe('What the button says') }).nullable(),
  })
  .meta({ id: 'SignInMethods' });

/** Where to go to link an identity. */
export const linkStartSchema = z.object({ url: z.url() }).meta({ id: 'IdentityLinkStart' });

/** Who one is at the sign-in provider. */
export const identitySchema = z
  .object({
    id: z.uuid(),
    provider: z.string(),
    email: z.string().nullable().describe('As the provider said it last'),
    createdAt: timestamp,
    lastUsedAt: timestamp,
  })
  .meta({ id: 'Identity' });
export type IdentityJson = z.output<typeof identitySchema>;
