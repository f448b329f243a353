import { z } from 'zod';
import { timestamp } from './common.ts';

export const subnetSchema = z
  .object({
    id: z.uuid(),
    plantId: z.uuid(),
    network: z.string().describe('CIDR as it is in the plant'),
    alias: z.string().nullable().describe('CIDR of the same size that never collides'),
    aliasReason: z.string().optional().describe('Why there is no alias'),
    createdAt: timestamp,
  })
  .meta({ id: 'Subnet' });
export type SubnetJson = z.output<typeof subnetSchema>;

/** The text is judged by the use case, which says what is wrong with it. */
export const subnetInput = z.object({ network: z.string().max(100) });
export type SubnetInput = z.output<typeof subnetInput>;
