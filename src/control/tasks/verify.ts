import { Cron } from 'croner';
import { sql } from 'kysely';
import { verify } from '../../store/derive.ts';
import { pruneChanges } from '../../store/prune.ts';
import type { Deps } from '../deps.ts';

/** Guards the verification between control processes; any number that nobody else uses. */
const VERIFICATION_LOCK = 7_275_919_002;

/** How many changes are kept for gateways that are away; past that, one that comes back gets a snapshot. */
const CHANGES_KEPT = 1_000_000;

/**
 * Recomputes all access once, unless another control process does so at the moment, and forgets changes that everybody holds. What
 * it corrects is in `corrections` and in the log. Returns undefined when another process was at it.
 */
export async function verifyOnce({
  db,
  log,
}: Pick<Deps, 'db' | 'log'>): Promise<Awaited<ReturnType<typeof verify>> | undefined> {
  return db.connection().execute(async (connection) => {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_lock(${VERIFICATION_LOCK}) as mine`.execute(
      connection,
    );
    if (rows[0]?.mine !== true) return undefined;
    try {
      const corrected = await verify(connection);
      if (corrected.revision !== undefined) log.warn(corrected, 'verification corrected access that had drifted');
      await pruneChanges(connection, CHANGES_KEPT);
      return corrected;
    } finally {
      await sql`select pg_advisory_unlock(${VERIFICATION_LOCK})`.execute(connection);
    }
  });
}

/** Verifies every five minutes until it is stopped (VPN-6). */
export function startVerification(deps: Pick<Deps, 'db' | 'log'>): { stop(): void } {
  const failed = (error: unknown) => deps.log.error({ err: error }, 'verification failed');
  const job = new Cron('*/5 * * * *', { protect: true, catch: failed }, async () => {
    await verifyOnce(deps);
  });
  return { stop: () => job.stop() };
}
