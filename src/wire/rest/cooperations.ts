import { z } from 'zod';
import { timestamp } from './common.ts';
import { jobRoleSchema, namedSchema, oneTarget, personSchema, targetInput } from './roles.ts';

/** A cooperation, as both sides see it (ACC-5). */
export const cooperationSchema = z
  .object({
    id: z.uuid(),
    owner: namedSchema.describe('Shares its plants'),
    partner: namedSchema.describe('Assigns them to its members'),
    status: z.enum(['pending', 'active', 'paused', 'ended']),
    statusSince: timestamp,
    createdAt: timestamp,
  })
  .meta({ id: 'Cooperation' });
export type CooperationJson = z.output<typeof cooperationSchema>;

/** The partner, by id or by its exact name. */
export const cooperationInput = z
  .object({ partnerId: z.uuid().optional(), partnerName: z.string().max(100).optional() })
  .refine((input) => (input.partnerId === undefined) !== (input.partnerName === undefined), {
    message: 'give either partnerId or partnerName',
    path: ['partnerId'],
  });
export type CooperationInput = z.output<typeof cooperationInput>;

/** What the owner shares into a cooperation, by reference. */
export const shareSchema = z
  .object({
    id: z.uuid(),
    cooperationId: z.uuid(),
    plant: namedSchema.nullable(),
    portfolio: namedSchema.nullable(),
    cap: jobRoleSchema.describe('The strongest role that it gives'),
    createdAt: timestamp,
  })
  .meta({ id: 'Share' });
export type ShareJson = z.output<typeof shareSchema>;

export const shareInput = z.object({ ...targetInput, cap: jobRoleSchema }).refine(...oneTarget);
export type ShareInput = z.output<typeof shareInput>;

export const sharePatch = z.object({ cap: jobRoleSchema });
export type SharePatch = z.output<typeof sharePatch>;

/** A share in the hands of one of the partner's members. */
export const assignmentSchema = z
  .object({
    id: z.uuid(),
    shareId: z.uuid(),
    user: personSchema,
    role: jobRoleSchema.describe('As the partner assigned it'),
    effectiveRole: jobRoleSchema.describe('What is left of it under the cap'),
    createdAt: timestamp,
  })
  .meta({ id: 'Assignment' });
export type AssignmentJson = z.output<typeof assignmentSchema>;

export const assignmentInput = z.object({ userId: z.uuid(), role: jobRoleSchema });
export type AssignmentInput = z.output<typeof assignmentInput>;
