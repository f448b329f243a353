import { z } from 'zod';
import { nameSchema, pageQuery, timestamp } from './common.ts';
import { namedSchema } from './roles.ts';
import { routeStatusSchema } from './routes.ts';

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

/** A device in the list over all plants. */
export const placedDeviceSchema = deviceSchema
  .extend({
    plant: namedSchema,
    organization: namedSchema,
    route: z
      .object({ subnetId: z.uuid(), status: routeStatusSchema, reason: z.string() })
      .nullable()
      .describe('Your VPN route to its subnet; null when you have none'),
  })
  .meta({ id: 'PlacedDevice' });
export type PlacedDeviceJson = z.output<typeof placedDeviceSchema>;

export const deviceQuery = pageQuery.extend({
  q: z.string().trim().min(1).max(100).optional().describe('Part of the name, address, alias or plant name'),
  plantId: z.uuid().optional(),
});
export type DeviceQuery = z.output<typeof deviceQuery>;

/** The address is judged by the use case, which says what is wrong with it. */
export const deviceInput = z.object({ name: nameSchema, address: z.string().max(100), note: note.default('') });
export type DeviceInput = z.output<typeof deviceInput>;

export const devicePatch = z.object({
  name: nameSchema.optional(),
  address: z.string().max(100).optional(),
  note: note.optional(),
});
export type DevicePatch = z.output<typeof devicePatch>;
