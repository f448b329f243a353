import { z } from 'zod';
import { nameSchema, timestamp } from './common.ts';
import { jobRoleSchema, namedSchema } from './roles.ts';

export const plantSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    organization: namedSchema,
    portfolio: namedSchema,
    role: jobRoleSchema.describe('Your effective role on it'),
    agent: z
      .enum(['none', 'waiting', 'connected', 'disconnected'])
      .describe('waiting: an enrolment token is out, or the agent has not been seen yet'),
    createdAt: timestamp,
  })
  .meta({ id: 'Plant' });
export type PlantJson = z.output<typeof plantSchema>;

export const plantInput = z.object({ name: nameSchema });
export type PlantInput = z.output<typeof plantInput>;

/** A plant may move to another portfolio of its organization. */
export const plantPatch = z.object({ name: nameSchema.optional(), portfolioId: z.uuid().optional() });
export type PlantPatch = z.output<typeof plantPatch>;
