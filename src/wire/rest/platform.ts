import { z } from 'zod';
import { nameSchema, timestamp } from './common.ts';
import { namedSchema } from './roles.ts';

export const regionSchema = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'Region' });
export type RegionJson = z.output<typeof regionSchema>;

export const regionInput = z.object({ name: nameSchema });

export const gatewaySchema = z
  .object({
    id: z.uuid(),
    number: z.int(),
    name: z.string(),
    region: namedSchema,
    address: z.string().describe('Infrastructure address'),
    endpoint: z.string().nullable().describe('Where agents reach it; null until it is enrolled'),
    state: z.enum(['waiting', 'connected', 'disconnected']).describe('waiting: not enrolled yet'),
    seenAt: timestamp.nullable(),
    applied: z.int().nullable().describe('The revision that its kernel holds'),
    clockOffsetMs: z.int().nullable(),
  })
  .meta({ id: 'Gateway' });
export type GatewayJson = z.output<typeof gatewaySchema>;

export const newGatewaySchema = gatewaySchema
  .extend({ enrollmentToken: z.string(), enrollmentExpiresAt: timestamp })
  .meta({ id: 'NewGateway' });

export const gatewayInput = z.object({ name: nameSchema, regionId: z.uuid() });
export type GatewayInput = z.output<typeof gatewayInput>;

export const slotSchema = z
  .object({
    number: z.int(),
    address: z.string(),
    port: z.int(),
    publicKey: z.string(),
    users: z.string().describe('The part of the user pool that belongs to it'),
  })
  .meta({ id: 'Slot' });
export type SlotJson = z.output<typeof slotSchema>;

/** An anycast address of the operator's, and a UDP port. */
export const slotInput = z.object({ address: z.ipv4(), port: z.int().min(1).max(65535) });
export type SlotInput = z.output<typeof slotInput>;

/** What a verification, a gateway or an agent found wrong and put right (VPN-6). */
export const correctionSchema = z
  .object({
    id: z.string(),
    at: timestamp,
    revision: z.int().nullable(),
    kind: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Correction' });
export type CorrectionJson = z.output<typeof correctionSchema>;

/** A user who met a limit at a gateway (VPN-16). */
export const limitHitSchema = z
  .object({
    gateway: z.string(),
    userId: z.uuid(),
    email: z.string(),
    at: timestamp,
    packets: z.int().describe('How many were dropped'),
  })
  .meta({ id: 'LimitHit' });
export type LimitHitJson = z.output<typeof limitHitSchema>;

/** What a verification did. */
export const verificationSchema = z
  .object({ added: z.int(), removed: z.int(), revision: z.int().nullable() })
  .meta({ id: 'Verification' });
