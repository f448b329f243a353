import { z } from 'zod';
import { timestamp } from './common.ts';

/** `full` carries the private ranges and the aliases, `alias` the aliases alone (VPN-18). */
export const profileSchema = z.enum(['full', 'alias']);
export type Profile = z.output<typeof profileSchema>;

/** A certificate, and all that a `.conf` needs but the private key. */
export const certificateSchema = z
  .object({
    address: z.string().describe('The tunnel address, kept across rotation'),
    publicKey: z.string(),
    profile: profileSchema,
    issuedAt: timestamp,
    rotatedAt: timestamp.nullable(),
    endpoint: z.string().describe('host:port'),
    serverPublicKey: z.string(),
    allowedIps: z.array(z.string()),
    keepalive: z.int().describe('Seconds'),
  })
  .meta({ id: 'Certificate' });
export type CertificateJson = z.output<typeof certificateSchema>;

/** The key is judged by the use case, which says what is wrong with it. */
export const issueInput = z.object({ publicKey: z.string().max(200), profile: profileSchema.default('full') });
export type IssueInput = z.output<typeof issueInput>;

export const rotateInput = z.object({ publicKey: z.string().max(200) });
export type RotateInput = z.output<typeof rotateInput>;
