import { sql } from 'kysely';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import { compileUser } from '../../src/gateway/compile.ts';
import { NO_GONE, applyChange, emptyState } from '../../src/gateway/state.ts';
import type { Db } from '../../src/store/db.ts';
import { rowsSchema } from '../../src/wire/state.ts';

/** What a gateway's kernel shall hold at a revision. */
export interface Truth {
  readonly revision: number;
  readonly elements: ReadonlyMap<string, string>;
}

/** An address as the number that it is on the wire. */
function ip(column: string): ReturnType<typeof sql> {
  return sql`${sql.raw(column)} - inet '0.0.0.0'`;
}

/**
 * All rows of the database, compiled. Read by plain statements of its own, not by those that the sync reads with: what both had
 * wrong would not show.
 */
export async function truth(db: Db): Promise<Truth> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const rows = async (query: ReturnType<typeof sql>) => (await query.execute(tx)).rows;
      const { value: revision } = await tx.selectFrom('revision').select('value').executeTakeFirstOrThrow();
      const reach = await sql<{ user: number; plant: number; since: number }>`
        select ${ip('c.address')} as user, r.plant_no as plant, r.since from reach r join certificates c using (user_id)`.execute(
        tx,
      );
      const all = rowsSchema.parse({
        subnets:
          await rows(sql`select s.no as subnet, p.no as plant, s.network::text, s.unique_range::text as range, s.since
                                  from subnets s join plants p on p.id = s.plant_id`),
        users: await rows(
          sql`select ${ip('address')} as address, slot_no as slot, public_key as "publicKey" from certificates`,
        ),
        reach: reach.rows.map(({ user, plant, since }) => [user, plant, since]),
        settings:
          await rows(sql`select ${ip('c.address')} as user, t.subnet_no as subnet, t.chosen, t.paused_at is not null as paused
                                   from route_settings t join certificates c using (user_id)`),
      });
      const state = emptyState();
      applyChange(state, all, NO_GONE);
      const elements = all.users.flatMap(({ address }) => [...compileUser(state, address, DEFAULT_POOLS)]);
      return { revision, elements: new Map(elements) };
    });
}

/** A digest of elements that follows each of them that comes or goes: the same for the same elements, in whatever order. */
export interface Digest {
  readonly add: (element: string, value: string) => void;
  readonly remove: (element: string, value: string) => void;
  readonly text: () => string;
}

/** The digest of no elements: two sums of two hashes of each. */
export function emptyDigest(): Digest {
  let [low, high] = [0, 0];
  return {
    add: (element, value) => {
      low = (low + hash(element, value, 1)) >>> 0;
      high = (high + hash(element, value, 2)) >>> 0;
    },
    remove: (element, value) => {
      low = (low - hash(element, value, 1)) >>> 0;
      high = (high - hash(element, value, 2)) >>> 0;
    },
    text: () => `${high} ${low}`,
  };
}

/** The digest of elements as text. */
export function digest(elements: ReadonlyMap<string, string>): string {
  const sum = emptyDigest();
  for (const [element, value] of elements) sum.add(element, value);
  return sum.text();
}

/** FNV-1a of the two, from a start that differs by salt, and mixed. */
function hash(element: string, value: string, salt: number): number {
  let mixed = Math.imul(0x811c9dc5, salt);
  const text = `${element}=${value}`;
  for (let n = 0; n < text.length; n += 1) mixed = Math.imul(mixed ^ text.charCodeAt(n), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
