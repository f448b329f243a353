import { z } from 'zod';

/** A daemon and how far it is. */
const holderSchema = z.object({
  name: z.string().describe('Of the gateway, or of the plant'),
  applied: z.int(),
  confirmed: z.boolean(),
});

/** Who holds a revision in its kernel. */
export const revisionSchema = z
  .object({
    revision: z.int(),
    gateways: z.array(holderSchema),
    agents: z.array(holderSchema).describe('Only those whose plant the revision concerns and that are behind it'),
    confirmed: z.boolean().describe('Everybody concerned holds it'),
  })
  .meta({ id: 'Revision' });
export type RevisionJson = z.output<typeof revisionSchema>;

export const revisionParams = z.object({ revision: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) });
