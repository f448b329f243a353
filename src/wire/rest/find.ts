import { z } from 'zod';

export const findQuery = z.object({
  q: z.string().trim().min(1).max(100).describe('Part of a name, or of a device’s address or alias'),
});

/** Something that a person can jump to. */
export const foundSchema = z
  .object({
    kind: z.enum(['plant', 'device', 'person', 'portfolio']),
    id: z.uuid(),
    name: z.string(),
    sub: z.string().describe('Where it is: portfolio and organization, plant, or email address'),
    plantId: z.uuid().nullable().describe('Of a device'),
    organizationId: z.uuid().describe('Which it belongs to; of a person the one that you lead'),
    address: z.string().nullable().describe('Of a device'),
    alias: z.string().nullable().describe('Of a device whose subnet has one'),
  })
  .meta({ id: 'Found' });
export type FoundJson = z.output<typeof foundSchema>;

export const findingsSchema = z.object({ items: z.array(foundSchema) }).meta({ id: 'Findings' });
