import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { loadInstallation } from '../src/lab/size/load.ts';
import type { Db } from '../src/store/db.ts';
import type { Figure } from './results.ts';

/** A gateway that takes longer than this for a million routes does not work at all. */
const TAKEN_WITHIN_MS = 600_000;
const LOOK_EVERY_MS = 20;

/** The same installation each time. */
const SEED = 1;

/**
 * Loads an installation of `size` routes beside the lab's own. Resolves when all gateways enforce it, with how long they took from
 * the commit on.
 */
export async function install(bench: string, db: Db, size: number): Promise<Figure> {
  const { revision } = await loadInstallation(db, { size, seed: SEED });
  const start = performance.now();
  await taken(db, revision);
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  return { id: `${bench}.installed`, value: seconds, unit: 's', runs: 1 };
}

/** Resolves when the gateways, all or those named, have acknowledged a revision. Throws when that takes ten minutes. */
export async function taken(db: Db, revision: number, gateways?: readonly string[]): Promise<void> {
  const deadline = performance.now() + TAKEN_WITHIN_MS;
  while ((await acknowledged(db, gateways)) < revision) {
    if (performance.now() > deadline) throw new Error(`the gateways did not take revision ${revision} in ten minutes`);
    await delay(LOOK_EVERY_MS);
  }
}

/** The revision that each of the gateways, all or those named, has acknowledged. */
export async function acknowledged(db: Db, gateways?: readonly string[]): Promise<number> {
  const { rows } = await sql<{ applied: number }>`
    select min(coalesce(s.applied, 0)) as applied
      from gateways g left join gateway_status s on s.gateway_no = g.no
     where ${gateways === undefined ? sql`true` : sql`g.name = any(${gateways}::text[])`}`.execute(db);
  return rows[0]?.applied ?? 0;
}
