import { z } from 'zod';
import { nameSchema, timestamp } from './common.ts';

export const portfolioSchema = z
  .object({ id: z.uuid(), organizationId: z.uuid(), name: z.string(), createdAt: timestamp })
  .meta({ id: 'Portfolio' });
export type PortfolioJson = z.output<typeof portfolioSchema>;

export const portfolioInput = z.object({ name: nameSchema });
export type PortfolioInput = z.output<typeof portfolioInput>;
