import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Where a lab keeps its files. Everything it leaves on the machine is under `directory`. */
export interface Places {
  readonly name: string;
  readonly directory: string;
  /** The supervisor's unix socket. */
  readonly socket: string;
  /** What `exec` and `connect` need to enter a host while the supervisor is busy: see `runtimeSchema`. */
  readonly runtime: string;
  readonly secrets: string;
  readonly logs: string;
  /** A host's own files. */
  host(name: string): string;
}

/** @param base folder of all labs of the machine */
export function placesOf(base: string, name: string): Places {
  const directory = resolve(base, name);
  return {
    name,
    directory,
    socket: join(directory, 'lab.sock'),
    runtime: join(directory, 'lab.json'),
    secrets: join(directory, 'secrets.json'),
    logs: join(directory, 'log'),
    host: (host) => join(directory, 'hosts', host),
  };
}

/** What is known of a running lab without asking its supervisor. */
export const runtimeSchema = z.object({
  supervisor: z.int(),
  machineDevice: z.string(),
  /** By host: its init, and the identity of its network, since process ids are given again. */
  hosts: z.record(z.string(), z.object({ init: z.int(), network: z.string(), role: z.string() })),
});
export type Runtime = z.infer<typeof runtimeSchema>;
