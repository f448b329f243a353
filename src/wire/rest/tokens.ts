import { z } from 'zod';
import { formatCidr } from '../../net/cidr.ts';
import { cidrSchema } from '../state.ts';
import { nameSchema, timestamp } from './common.ts';

/**
 * What an API token may be used for (ACC-8): `read` what its owner sees, `manage` what its owner manages (and read it),
 * `routes` the owner's certificate and routes, `platform` the installation.
 */
export const scopeSchema = z.enum(['read', 'routes', 'manage', 'platform']);
export type Scope = z.output<typeof scopeSchema>;

/** An API token, without the secret. */
export const tokenSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    networks: z.array(z.string()).describe('Where it may be used from; empty: anywhere'),
    createdAt: timestamp,
    expiresAt: timestamp.nullable(),
    lastUsedAt: timestamp.nullable(),
  })
  .meta({ id: 'Token' });
export type TokenJson = z.output<typeof tokenSchema>;

/** The one time the secret is shown. */
export const newTokenSchema = tokenSchema.extend({ token: z.string() }).meta({ id: 'NewToken' });

/** What POST takes. Only answers are named in the OpenAPI document: what is parsed has no output form there. */
export const tokenInput = z.object({
  name: nameSchema,
  scopes: z.array(scopeSchema).min(1),
  networks: z.array(cidrSchema.transform(formatCidr)).max(50).default([]),
  expiresAt: timestamp.optional(),
});
export type TokenInput = z.output<typeof tokenInput>;
