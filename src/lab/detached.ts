import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Status } from './status.ts';
import { placesOf } from './places.ts';
import { type LabOptions, refuseSecond } from './supervisor.ts';

/** What the supervisor in the background tells who started it. */
export const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), line: z.string() }),
  z.object({ type: z.literal('ready'), status: z.custom<Status>() }),
  z.object({ type: z.literal('failed'), error: z.string() }),
]);
export type Message = z.infer<typeof messageSchema>;

/** Starts a lab in a process of its own that goes on when this one ends. Resolves when the lab is healthy. */
export async function startDetached({ base, name, gateways, resume, size, say }: LabOptions): Promise<Status> {
  await refuseSecond(placesOf(base, name));
  mkdirSync(base, { recursive: true });
  // Beside the lab's directory, which a new lab clears first.
  const logFile = join(base, `${name}.log`);
  const log = openSync(logFile, 'w', 0o600);
  const args = [
    `--base=${base}`,
    `--name=${name}`,
    `--gateways=${gateways.join(',')}`,
    ...(resume ? ['--resume'] : []),
    ...(size === undefined ? [] : [`--size=${size.size}`, `--seed=${size.seed}`]),
  ];
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = fork(main, args, {
    detached: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  try {
    return await new Promise<Status>((resolve, reject) => {
      child.on('message', (raw) => {
        const message = messageSchema.parse(raw);
        if (message.type === 'progress') say(message.line);
        else if (message.type === 'ready') resolve(message.status);
        else reject(new Error(`${message.error}\nIts log: ${logFile}`));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`The lab ended with ${signal ?? code}. Its log: ${logFile}`)),
      );
    });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}
