/**
 * `wire` owns the shape of everything that crosses a process: REST bodies, what control tells gateways and agents, what
 * they tell it, error codes. Daemons meet only here, so a change here is a change of protocol.
 *
 * This file: the state that a gateway and an agent hold. It names things by small numbers (plant, subnet) and by the
 * user's tunnel address, because a gateway holds a million of them.
 */
import { z } from 'zod';
import { type Cidr, parseCidr } from '../net/cidr.ts';
import { LAST_IP, parseIp, toIp } from '../net/ip.ts';
import { type PublicKey, parsePublicKey } from '../net/keys.ts';

/** An address as a number, see `net/ip`. */
export const ipSchema = z.int().min(0).max(LAST_IP).transform(toIp);

/** A prefix as text on the wire, a `Cidr` inside. */
export const cidrSchema = z.string().transform((text, context): Cidr => {
  const parsed = parseCidr(text);
  if (typeof parsed !== 'string') return parsed;
  context.issues.push({ code: 'custom', message: `not a prefix (${parsed})`, input: text });
  return z.NEVER;
});

/** 32 bytes in base64. */
export const publicKeySchema = z.string().transform((text, context): PublicKey => {
  const parsed = parsePublicKey(text);
  if (parsed !== undefined) return parsed;
  context.issues.push({ code: 'custom', message: 'not a key of 32 bytes in base64', input: text });
  return z.NEVER;
});

const count = z.int().min(0);

/** `address:port` of a UDP endpoint. Every agent hands a gateway's to its kernel: one that is none would stop them all. */
export const endpointSchema = z.string().refine((text) => {
  const [, address = '', port = ''] = /^([\d.]{7,15}):([1-9]\d{0,4})$/.exec(text) ?? [];
  return parseIp(address) !== undefined && Number(port) <= 65_535;
}, 'is not address:port');

/** An anycast entry point: every gateway serves every slot, with the same address, port and key. */
export const slotRow = z.object({
  slot: count,
  address: ipSchema,
  port: z.int().min(1).max(65535),
  publicKey: publicKeySchema,
  /** The slot's private key, sealed to the key of the gateway that this row is sent to (`sealTo`, context `slot N`). */
  sealedKey: z.string(),
  /** The part of the user pool whose certificates belong to this slot. */
  users: cidrSchema,
});

/** A gateway: its own row tells it its infrastructure address, the others' rows are its neighbours. */
export const gatewayRow = z.object({
  gateway: count,
  address: ipSchema,
  publicKey: publicKeySchema,
  endpoint: endpointSchema,
});

/** The current agent of a plant. */
export const agentRow = z.object({ plant: count, publicKey: publicKeySchema, address: ipSchema });

/** A subnet of a plant and the unique range that stands for it inside Parkway. */
export const subnetRow = z.object({
  subnet: count,
  plant: count,
  network: cidrSchema,
  range: cidrSchema,
  since: count,
});

/** A certificate. `address` identifies the user in every other row. */
export const userRow = z.object({ address: ipSchema, slot: count, publicKey: publicKeySchema });

/** Who may reach which plant: [user address, plant, revision since when]. A tuple, for there are a million of them. */
export const reachRow = z.tuple([ipSchema, count, count]);

/** What a user set on one route. `chosen` is the revision of the last "Use this park", 0 when never. */
export const settingRow = z.object({ user: ipSchema, subnet: count, chosen: count, paused: z.boolean() });

/** Rows to insert or replace, by kind. */
export const rowsSchema = z.object({
  slots: z.array(slotRow).default([]),
  gateways: z.array(gatewayRow).default([]),
  agents: z.array(agentRow).default([]),
  subnets: z.array(subnetRow).default([]),
  users: z.array(userRow).default([]),
  reach: z.array(reachRow).default([]),
  settings: z.array(settingRow).default([]),
});

/** Keys of rows that are no longer there, by kind. A user that is gone takes its reach and its settings along: they are not named. */
export const goneSchema = z.object({
  slots: z.array(count).default([]),
  gateways: z.array(count).default([]),
  agents: z.array(count).default([]),
  subnets: z.array(count).default([]),
  users: z.array(ipSchema).default([]),
  reach: z.array(z.tuple([ipSchema, count])).default([]),
  settings: z.array(z.tuple([ipSchema, count])).default([]),
});

/** Everything an agent needs to know: its own plant, and nothing of any other (AGT-3). */
export const agentState = z.object({
  revision: count,
  plant: count,
  address: ipSchema,
  gateways: z.array(gatewayRow),
  subnets: z.array(z.object({ network: cidrSchema, range: cidrSchema })),
  /** Tunnel addresses of the users who may reach this plant now. */
  users: z.array(ipSchema),
  /** The pools, as the agent routes replies by them. */
  userPool: cidrSchema,
  infrastructurePool: cidrSchema,
});

export type SlotRow = z.infer<typeof slotRow>;
export type GatewayRow = z.infer<typeof gatewayRow>;
export type AgentRow = z.infer<typeof agentRow>;
export type SubnetRow = z.infer<typeof subnetRow>;
export type UserRow = z.infer<typeof userRow>;
export type ReachRow = z.infer<typeof reachRow>;
export type SettingRow = z.infer<typeof settingRow>;
export type Rows = z.infer<typeof rowsSchema>;
export type Gone = z.infer<typeof goneSchema>;
export type AgentState = z.infer<typeof agentState>;
/** `Rows` and `AgentState` as they stand in JSON, before parsing: prefixes are texts. */
export type RowsJson = z.input<typeof rowsSchema>;
export type AgentStateJson = z.input<typeof agentState>;
