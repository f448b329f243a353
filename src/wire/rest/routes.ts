import { z } from 'zod';
import { pageQuery } from './common.ts';
import { namedSchema } from './roles.ts';

/** VPN-12. */
export const routeStatusSchema = z.enum(['active', 'conflict', 'unreachable', 'paused']);
export type RouteStatus = z.output<typeof routeStatusSchema>;

/** One subnet that you may reach. */
export const routeSchema = z
  .object({
    subnetId: z.uuid().describe('Also the id of the route'),
    plantId: z.uuid(),
    plantName: z.string(),
    portfolio: namedSchema,
    organization: namedSchema,
    network: z.string(),
    alias: z.string().nullable(),
    status: routeStatusSchema,
    reason: z.string().describe('Why the status is what it is, in a sentence'),
    contested: z
      .array(
        z.object({
          range: z.string(),
          ownerPlantId: z.uuid(),
          ownerPlantName: z.string(),
          mine: z.boolean().describe('This route owns the range'),
        }),
      )
      .describe('The parts of the network that another of your routes claims too'),
    paused: z.boolean(),
    since: z.int().describe('Revision at which you came to have the route'),
    revision: z.int().describe('Revision of its last change'),
  })
  .meta({ id: 'Route' });
export type RouteJson = z.output<typeof routeSchema>;

export const routeQuery = pageQuery.extend({
  // Each page derives all routes of the user anew: few large pages are cheaper than many small ones.
  limit: z.coerce.number().int().min(1).max(10_000).default(50).describe('How many items at most'),
  status: routeStatusSchema.optional(),
  portfolioId: z.uuid().optional(),
  plantId: z.uuid().optional(),
  q: z.string().max(100).optional().describe('Part of a plant, portfolio or organization name, or of a network'),
});
export type RouteQuery = z.output<typeof routeQuery>;

export const routeParams = z.object({ subnetId: z.uuid() });
