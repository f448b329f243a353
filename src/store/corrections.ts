/** What was found wrong and put right (VPN-6): by control's verification, or as a daemon reported it. */
import { sql } from 'kysely';
import type { Db } from './db.ts';
import type { Window } from './page.ts';

export interface CorrectionRow {
  readonly id: string;
  readonly at: Date;
  readonly revision: number | null;
  readonly kind: string;
  readonly detail: Record<string, unknown>;
}

/** Corrections, the latest first. The key of a row is ('', id). */
export async function listCorrections(db: Db, window: Window): Promise<CorrectionRow[]> {
  return db
    .selectFrom('corrections')
    .select([sql<string>`id::text`.as('id'), 'at', 'revision', 'kind', 'detail'])
    .$if(window.after !== undefined, (query) => query.where(sql<boolean>`id < ${window.after?.[1]}::bigint`))
    .orderBy(sql`corrections.id`, 'desc')
    .limit(window.limit)
    .execute();
}
