import { z } from 'zod';

/** `enrollRequest` of `sync.ts` before its keys are judged: the use case says which one is wrong. */
export const enrollInput = z.object({
  token: z.string().max(200),
  identityKey: z.string().max(200),
  tunnelKey: z.string().max(200),
  endpoint: z.string().max(100).optional(),
});
export type EnrollInput = z.output<typeof enrollInput>;

/** `enrollResponse` of `sync.ts` as it stands in JSON. */
export const enrollmentSchema = z
  .object({
    kind: z.enum(['gateway', 'agent']),
    id: z.uuid(),
    number: z.int().describe('Gateway or plant number'),
    address: z.int().describe('The infrastructure address as a number'),
    controlKey: z.string(),
  })
  .meta({ id: 'Enrollment' });
