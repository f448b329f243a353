import { z } from 'zod';
import { nameSchema, timestamp } from './common.ts';

const note = z.string().max(2000);

export const deviceSchema = z
  .object({
    id: z.uuid(),
    plantId: z.uuid(),
    name: z.string(),
    address: z.string().describe('IPv4 address in the plant'),
    alias: z.string().nullable().describe('The same device by alias; null when its subnet has none'),
    note: z.string(),
    createdAt: timestamp,
  })
  .meta({ id: 'Device' });
export type DeviceJson = z.output<typeof deviceSchema>;

/** The address is judged by the use case, which says what is wrong with it. */
export const deviceInput = z.object({ name: nameSchema, address: z.string().max(100), note: note.default('') });
export type DeviceInput = z.output<typeof deviceInput>;

export const devicePatch = z.object({
  name: nameSchema.optional(),
  address: z.string().max(100).optional(),
  note: note.optional(),
});
export type DevicePatch = z.output<typeof devicePatch>;
