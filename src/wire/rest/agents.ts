import { z } from 'zod';
import { timestamp } from './common.ts';

/** The agent of a plant. */
export const agentSchema = z
  .object({
    state: z
      .enum(['none', 'waiting', 'connected', 'disconnected'])
      .describe('waiting: an enrolment token is out, or the agent has not been seen yet'),
    seenAt: timestamp.nullable(),
    applied: z.int().nullable().describe('The revision that it holds'),
    paths: z.array(z.object({ gateway: z.string(), up: z.boolean(), since: timestamp })),
  })
  .meta({ id: 'Agent' });
export type AgentJson = z.output<typeof agentSchema>;

/** A single-use enrolment token, shown this once (AGT-4). */
export const enrollmentTokenSchema = z
  .object({
    token: z.string(),
    expiresAt: timestamp,
    command: z.string().describe('What to run on the machine; it asks for the token on its standard input'),
  })
  .meta({ id: 'EnrollmentToken' });
export type EnrollmentTokenJson = z.output<typeof enrollmentTokenSchema>;
