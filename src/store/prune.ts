import { sql } from 'kysely';
import type { Db } from './db.ts';
import { deletePieces } from './retention.ts';

/**
 * A gateway that was away for so long gets a snapshot. Well below REST_DAYS: an address that it knows as one user's may be
 * another's by then, and a delta names only keys.
 */
const AWAY_DAYS = 14;

/** Changes per deletion. */
const PIECE = 20_000;

/**
 * Forgets changes that every enrolled gateway has confirmed, but for those that are away too long, and the oldest of more than
 * `atMost` rows. Who lacked those gets a snapshot. The rows go piece by piece, after the floor says that they do not count. Returns the
 * revision from which on `changes` is complete.
 */
export async function pruneChanges(db: Db, atMost: number): Promise<number> {
  const floor = await raiseFloor(db, atMost);
  await deletePieces(db, { table: 'changes', column: 'revision', upTo: sql`${floor}::bigint` }, PIECE);
  return floor;
}

async function raiseFloor(db: Db, atMost: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const former = await tx.selectFrom('changes_floor').select('revision').forUpdate().executeTakeFirstOrThrow();
    const { rows } = await sql<{ floor: number }>`
      update changes_floor f set revision = greatest(f.revision,
        (select least(r.value, (select min(coalesce(t.applied, 0)) from gateways g
                                  left join gateway_status t on t.gateway_no = g.no
                                 where g.enrolled_at is not null
                                   and t.seen_at > now() - ${AWAY_DAYS} * interval '1 day')) from revision r),
        (select revision from changes order by revision desc offset ${atMost}::bigint limit 1))
      returning revision as floor`.execute(tx);
    const floor = rows[0]?.floor ?? former.revision;
    // An agent hears only of what concerns it: where nothing did, it is as far as the floor without having said so.
    await sql`
      update agent_status t set applied = ${floor}::bigint
       where t.applied >= ${former.revision}::bigint and t.applied < ${floor}::bigint
         and not exists (select from changes c
                          where c.plant_no = t.plant_no and c.revision > t.applied and c.revision <= ${floor}::bigint)
         and not exists (select from changes c
                          where c.kind = 'gateway' and c.revision > t.applied and c.revision <= ${floor}::bigint)`.execute(
      tx,
    );
    return floor;
  });
}
