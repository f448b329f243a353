import { type RawBuilder, sql } from 'kysely';

/**
 * A daemon that control has not heard from for so long counts as dead (VPN-12: truthful within 5 s). Daemons speak every
 * second; the rest is for what is written late.
 */
export const DEAD_AFTER_MS = 4000;

/** Whether a daemon is alive by the database's clock, which all control processes share. `seenAt` names a column. */
export function isLive(seenAt: string): RawBuilder<boolean> {
  return sql<boolean>`coalesce(${sql.ref(seenAt)} > now() - ${DEAD_AFTER_MS} * interval '1 ms', false)`;
}
