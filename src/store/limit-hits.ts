/** Users who met a limit at a gateway (VPN-16). */
import { sql } from 'kysely';
import type { Db } from './db.ts';
import type { Window } from './page.ts';

export interface LimitHitRow {
  readonly gateway: string;
  readonly userId: string;
  readonly email: string;
  readonly at: Date;
  readonly packets: number;
  /** Its place in the list. */
  readonly key: readonly [at: string, who: string];
}

/** Limit hits, the latest first. */
export async function listLimitHits(db: Db, window: Window): Promise<LimitHitRow[]> {
  const [at = null, who = ''] = window.after ?? [];
  const [userId = null, gateway = null] = who === '' ? [] : who.split(' ');
  const { rows } = await sql<LimitHitRow>`
    select g.name as gateway, h.user_id as "userId", u.email, h.at, h.packets,
           array[h.at::text, h.user_id || ' ' || h.gateway_no] as key
      from limit_hits h join gateways g on g.no = h.gateway_no join users u on u.id = h.user_id
     where ${at}::timestamptz is null
        or (h.at, h.user_id, h.gateway_no) < (${at}::timestamptz, ${userId}::uuid, ${gateway}::int)
     order by h.at desc, h.user_id desc, h.gateway_no desc
     limit ${window.limit}`.execute(db);
  return rows;
}
