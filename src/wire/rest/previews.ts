import { z } from 'zod';
import { jobRoleSchema, namedSchema, oneTarget, organizationRoleSchema, personSchema, targetInput } from './roles.ts';

const id = z.uuid();
const role = jobRoleSchema;
const byId = <K extends string>(kind: K) => z.object({ kind: z.literal(kind), id });

/** A change whose effects can be asked for: the fields of the request that makes it, path included. */
export const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('add-grant'), organizationId: id, userId: id, ...targetInput, role }).refine(...oneTarget),
  byId('change-grant').extend({ role }),
  byId('remove-grant'),
  z.object({ kind: z.literal('change-member'), organizationId: id, userId: id, role: organizationRoleSchema }),
  z.object({ kind: z.literal('remove-member'), organizationId: id, userId: id }),
  byId('step-cooperation').extend({ step: z.enum(['accept', 'pause', 'resume', 'end']) }),
  byId('change-share').extend({ cap: role }),
  byId('remove-share'),
  z.object({ kind: z.literal('add-assignment'), shareId: id, userId: id, role }),
  byId('change-assignment').extend({ role }),
  byId('remove-assignment'),
  byId('move-plant').extend({ portfolioId: id }),
  byId('remove-plant'),
  byId('remove-portfolio'),
  byId('remove-subnet'),
  byId('remove-organization'),
  byId('remove-user'),
  z.object({ kind: z.literal('use-route'), subnetId: id }),
]);
export type ChangeJson = z.output<typeof changeSchema>;

export const previewInput = z.object({ change: changeSchema });

const rolesSchema = z
  .object({
    people: z.int(),
    plants: z.int(),
    list: z
      .array(
        z.object({
          user: personSchema,
          plant: namedSchema,
          roleBefore: jobRoleSchema.nullable(),
          roleAfter: jobRoleSchema.nullable(),
        }),
      )
      .describe('The first 50, as far as they are yours to see'),
  })
  .meta({ id: 'RoleEffects' });
export type RolesJson = z.output<typeof rolesSchema>;

const vpnSchema = z
  .object({
    people: z.int(),
    plants: z.int(),
    connected: z.int().describe('Of the people, those who hold a certificate: their connections change at once'),
  })
  .meta({ id: 'VpnEffects' });

/** What a change would do, and did not. */
export const effectsSchema = z
  .object({
    digest: z.string().describe('The same as long as the effects are; ask again before the change and compare'),
    lost: rolesSchema.describe('Who has a weaker role on a plant, or none'),
    gained: rolesSchema.describe('Who has a stronger role on a plant'),
    vpnLost: vpnSchema.describe('Who is no longer Operator'),
    vpnGained: vpnSchema.describe('Who becomes Operator'),
    subnetsEnding: z
      .object({
        count: z.int(),
        aliases: z.int(),
        people: z.int().describe('Who has routes to them'),
        devices: z.int().describe('Whose alias ends'),
        list: z
          .array(z.object({ plant: namedSchema, network: z.string(), alias: z.string().nullable() }))
          .describe('The first 50, as far as they are yours to see'),
      })
      .describe('Subnets that are deleted; their aliases are not given out again for 30 days'),
    rangesTaken: z
      .array(z.object({ range: z.string(), plant: namedSchema.describe('Which has it now, and loses it') }))
      .describe('For use-route'),
  })
  .meta({ id: 'Effects' });
export type EffectsJson = z.output<typeof effectsSchema>;
