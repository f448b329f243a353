import { z } from 'zod';
import { nameSchema, pageQuery, timestamp } from './common.ts';
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
    agentSeenAt: timestamp.nullable().optional().describe('When its agent was last heard of'),
    subnets: z.int().optional().describe('How many it has'),
    devices: z.int().optional().describe('How many it has'),
    createdAt: timestamp,
  })
  .meta({ id: 'Plant' });
export type PlantJson = z.output<typeof plantSchema>;

export const plantQuery = pageQuery.extend({
  q: z.string().trim().min(1).max(100).optional().describe('Part of the name of the plant or its portfolio'),
  organizationId: z.uuid().optional(),
  portfolioId: z.uuid().optional(),
  state: plantSchema.shape.agent.optional().describe('Of its agent'),
});
export type PlantQuery = z.output<typeof plantQuery>;

export const plantInput = z.object({ name: nameSchema });
export type PlantInput = z.output<typeof plantInput>;

/** A plant may move to another portfolio of its organization. */
export const plantPatch = z.object({ name: nameSchema.optional(), portfolioId: z.uuid().optional() });
export type PlantPatch = z.output<typeof plantPatch>;
