import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { openDb } from '../../store/db.ts';
import type { Installation } from '../health.ts';
import type { Places } from '../places.ts';
import type { Size } from './installation.ts';
import { loadInstallation } from './load.ts';

/** What is installed beside the lab's own accounts and plants, for its status. */
const besideSchema = z.object({
  size: z.int(),
  seed: z.int(),
  users: z.int(),
  plants: z.int(),
  routes: z.int(),
});
export type Beside = z.infer<typeof besideSchema>;

export interface LoadingBeside {
  readonly places: Places;
  /** What control says of the gateways; undefined while it does not answer. */
  readonly gateways: () => Promise<Installation['gateways'] | undefined>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Gateways that take longer for the largest installation do not work at all. */
const HELD_WITHIN_MS = 600_000;
const LOOK_EVERY_MS = 200;
const TELL_EVERY_MS = 5000;

/**
 * Loads an installation into a lab that is healthy and waits until every gateway holds it. Throws when one was loaded before, and when
 * a gateway does not take it within ten minutes.
 */
export async function loadBeside(size: Size, { places, gateways, say, signal }: LoadingBeside): Promise<Beside> {
  const host = join(places.host('control'), 'state/postgres/socket');
  const db = openDb({ host, port: 5432, user: 'parkway', database: 'parkway', max: 2 });
  try {
    say(`${format(size.size)} routes beside (seed ${size.seed})`);
    const loaded = await loadInstallation(db, { ...size, say: (line) => say(`loading ${line}`) });
    const { revision, users, plants, routes } = loaded;
    await held(revision, gateways, say, signal);
    const beside = { ...size, users, plants, routes };
    await writeFile(fileOf(places), JSON.stringify(beside));
    return beside;
  } finally {
    await db.destroy();
  }
}

/** What the last lab of this name had beside; undefined when nothing. */
export async function readBeside(places: Places): Promise<Beside | undefined> {
  const text = await readFile(fileOf(places), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : besideSchema.parse(JSON.parse(text));
}

/** For people. */
export function renderBeside({ routes, users, plants, seed }: Beside): string {
  return `${format(routes)} routes of ${format(users)} people to ${format(plants)} plants (seed ${seed}); none of them is live`;
}

async function held(
  revision: number,
  gateways: LoadingBeside['gateways'],
  say: LoadingBeside['say'],
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + HELD_WITHIN_MS;
  for (let told = -Infinity; ;) {
    const all = await gateways();
    const behind = all?.filter(({ applied }) => (applied ?? 0) < revision).map(({ name }) => name) ?? ['control'];
    if (behind.length === 0) return;
    const now = performance.now();
    if (now > until) throw new Error(`The lab is not healthy: ${behind.join(', ')} did not take what was loaded.`);
    if (now - told > TELL_EVERY_MS) {
      say(`waiting for ${behind.join(', ')} to hold it`);
      told = now;
    }
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

function fileOf(places: Places): string {
  return join(places.directory, 'beside.json');
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}
