/**
 * What control and its daemons say to each other, over the one WebSocket that each daemon opens to `SYNC_PATH`.
 *
 * Control opens with `challenge`; the daemon answers `hello`, signed with the identity key it enrolled with. A gateway
 * then receives a `snapshot` (in parts) or the `delta`s since the revision it has, and afterwards a `delta` per change;
 * an agent receives its whole small state each time something of its plant changed. Both answer `ack` with the revision
 * that their kernel now holds. Every message may be lost with its connection, doubled by a reconnect, or late:
 * a gateway drops a delta that does not continue what it has and subscribes again, and applying one twice is harmless.
 *
 * A message is JSON in a text message; a large one of control's is compressed, see `packing.ts`.
 */
import { z } from 'zod';
import { endpointSchema, goneSchema, ipSchema, publicKeySchema, rowsSchema } from './state.ts';

/** Where daemons connect. */
export const SYNC_PATH = '/api/v1/sync';

/** The largest message either side takes, in bytes, before and after it is decompressed. Snapshots are cut to parts well below it. */
export const MAX_MESSAGE = 4 * 1024 * 1024;

/** UDP port on which an agent answers the gateways' path probes, on its infrastructure address. */
export const PROBE_PORT = 51999;

const revision = z.int().min(0);

/** The bytes that a daemon signs to prove who it is. */
export function helloBytes(kind: 'gateway' | 'agent', id: string, nonce: string): Buffer {
  return Buffer.from(`parkway-sync/1 ${kind} ${id} ${nonce}`);
}

/** Control to daemon. */
export const toDaemon = z.discriminatedUnion('type', [
  z.object({ type: z.literal('challenge'), nonce: z.string() }),
  /** All rows, in parts; the gateway replaces what it holds when the part marked `last` has come. */
  z.object({ type: z.literal('snapshot'), revision, part: z.int().min(0), last: z.boolean(), rows: rowsSchema }),
  /** What changed after `from` up to `to`, in parts of which only the one marked `last` makes the state `to`. */
  z.object({
    type: z.literal('delta'),
    from: revision,
    to: revision,
    last: z.boolean(),
    rows: rowsSchema,
    gone: goneSchema,
  }),
  /** An agent's state as JSON text, with control's Ed25519 signature over exactly that text. */
  z.object({ type: z.literal('agent-state'), state: z.string(), signature: z.string() }),
  /** Why control is about to close the connection: a code of `problem.ts` and a sentence. */
  z.object({ type: z.literal('refused'), code: z.string(), detail: z.string() }),
]);

/** Daemon to control. */
export const fromDaemon = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    kind: z.enum(['gateway', 'agent']),
    id: z.uuid(),
    signature: z.string().max(200),
    /** The revision that the daemon holds on disk; 0 when none. */
    have: revision,
    /** The daemon's clock in milliseconds, so that control can say by how much it is off. */
    clock: z.int(),
  }),
  z.object({ type: z.literal('ack'), revision }),
  /** A gateway's view of the paths to agents: plants by number. `full` replaces all it said before. */
  z.object({
    type: z.literal('paths'),
    full: z.boolean(),
    up: z.array(z.int()).max(100_000),
    down: z.array(z.int()).max(100_000),
  }),
  /** Something in the kernel was not as it should be and was repaired (VPN-6). */
  z.object({ type: z.literal('repaired'), what: z.string().max(100), detail: z.string().max(2000) }),
  /** Users who met a limit since the last report (VPN-16), and packets that the limit dropped. */
  z.object({
    type: z.literal('limits'),
    hits: z.array(z.object({ user: ipSchema, packets: z.int().min(1) })).max(10_000),
  }),
  /** Live peers of the slots; later issues make sessions and client ownership of it. */
  z.object({
    type: z.literal('peers'),
    peers: z
      .array(z.object({ user: ipSchema, endpoint: endpointSchema, handshake: z.int(), rx: z.int(), tx: z.int() }))
      .max(20_000),
  }),
]);

/** Gateway to gateway; named here, spoken from the availability issue on: who owns which client, and its connections. */
export const betweenGateways = z.discriminatedUnion('type', [
  /** `epoch` is the client's last handshake in Unix seconds: the higher one owns the client. */
  z.object({ type: z.literal('owner'), user: ipSchema, gateway: z.int(), epoch: z.int(), endpoint: endpointSchema }),
  /** Connections of a client, as `conntrack -o save` prints them. */
  z.object({
    type: z.literal('connections'),
    user: ipSchema,
    gateway: z.int(),
    lines: z.array(z.string().max(1000)).max(5000),
  }),
]);

/** POST /api/v1/enroll: a daemon trades its single-use token for an identity (AGT-4). Only public keys are sent. */
export const enrollRequest = z.object({
  token: z.string().min(20).max(200),
  /** Ed25519, proves the daemon's identity at every connection. */
  identityKey: publicKeySchema,
  /** X25519, the daemon's WireGuard key. */
  tunnelKey: publicKeySchema,
  /** A gateway's public `address:port` for agents; an agent sends none. */
  endpoint: endpointSchema.optional(),
});

/** The answer to it. */
export const enrollResponse = z.object({
  kind: z.enum(['gateway', 'agent']),
  id: z.uuid(),
  /** Gateway or plant number. */
  number: z.int(),
  /** The infrastructure address. */
  address: ipSchema,
  /** Control's Ed25519 key, by which an agent checks its state. */
  controlKey: publicKeySchema,
});

export type ToDaemon = z.infer<typeof toDaemon>;
export type ToDaemonJson = z.input<typeof toDaemon>;
export type FromDaemon = z.infer<typeof fromDaemon>;
export type FromDaemonJson = z.input<typeof fromDaemon>;
export type EnrollRequest = z.input<typeof enrollRequest>;
export type EnrollResponse = z.infer<typeof enrollResponse>;
