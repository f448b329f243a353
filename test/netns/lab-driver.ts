/**
 * A lab for a test: in a folder of its own, driven by `parkway` as people drive it, and gone with everything it made.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realRunner } from '../../src/kernel/run.ts';
import { initOf } from '../../src/lab/enter.ts';
import { placesOf } from '../../src/lab/places.ts';
import { type Status, statusSchema } from '../../src/lab/status.ts';
import { type Place, placeOf } from './support.ts';

/** A lab that is up. */
export interface LabDriver {
  /** For the test's own files. */
  readonly folder: string;
  readonly status: Status;
  /** Runs `parkway` as somebody; resolves with what it printed, throws KernelError when it failed. */
  parkway(email: string, ...words: string[]): Promise<string>;
  /** A host, to run commands on: what `parkway lab exec` does, without starting it. */
  host(name: string): Promise<Place>;
  /** Takes the lab down and removes its folder. */
  down(): Promise<void>;
}

const BIN = fileURLToPath(new URL('../../bin/parkway', import.meta.url));
const LONGEST_MS = 120_000;

/** Brings up a lab and signs these people in. `options` are further ones of `parkway lab up`. */
export async function openLabDriver(accounts: readonly string[], options: readonly string[] = []): Promise<LabDriver> {
  const runner = realRunner();
  const folder = await mkdtemp(join(tmpdir(), 'parkway-'));
  // The database's user passes through.
  await chmod(folder, 0o711);
  let url: string | undefined;
  const run = (input: string, email: string, words: readonly string[]) => {
    const variables = [`PARKWAY_LAB_DIR=${folder}`, `XDG_CONFIG_HOME=${join(folder, email)}`];
    if (url !== undefined) variables.push(`PARKWAY_URL=${url}`);
    return runner.run(['env', ...variables, BIN, ...words], { input, timeoutMs: LONGEST_MS });
  };
  const down = async () => {
    await run('', '', ['lab', 'down']);
    await rm(folder, { recursive: true });
  };
  try {
    const status = statusSchema.parse(JSON.parse(await run('', '', ['lab', 'up', '--detach', '--json', ...options])));
    url = status.url;
    for (const { email, password } of status.accounts)
      if (accounts.includes(email)) await run(`${password}\n`, email, ['login', '--email', email, '--password-stdin']);
    return {
      folder,
      status,
      down,
      parkway: (email, ...words) => run('', email, words),
      host: async (host) => placeOf(host, (await initOf(placesOf(folder, 'default'), host)).init),
    };
  } catch (error) {
    await down().catch(() => undefined);
    throw error;
  }
}
