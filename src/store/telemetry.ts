/** What daemons say of themselves: how far they are, that they live, which paths carry, what they repaired. No revision. */
import { type RawBuilder, sql } from 'kysely';
import type { Ip } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';
import type { Db, Tx } from './db.ts';

export type DaemonKind = 'gateway' | 'agent';

/** A daemon that is enrolled now. */
export interface Daemon {
  readonly kind: DaemonKind;
  readonly id: string;
  /** Gateway or plant number. */
  readonly number: number;
  readonly identityKey: PublicKey;
  readonly tunnelKey: PublicKey;
}

/** The daemon of an id, or undefined when it is not enrolled (any more). */
export async function findDaemon(db: Db, kind: DaemonKind, id: string): Promise<Daemon | undefined> {
  const { rows } = await sql<Daemon>`
    select ${kind} as kind, id, ${kind === 'gateway' ? sql`no` : sql`plant_no`} as number,
           identity_key as "identityKey", tunnel_key as "tunnelKey"
      from ${sql.table(`${kind}s`)} where id = ${id} and enrolled_at is not null`.execute(db);
  return rows[0];
}

/** The identity keys of daemons by id, of those that are enrolled now. */
export async function identityKeys(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, PublicKey>> {
  const { rows } = await sql<{ id: string; key: PublicKey }>`
    select id, identity_key as key from gateways where id = any(${ids}::uuid[]) and enrolled_at is not null
    union all select id, identity_key from agents where id = any(${ids}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, key }) => [id, key]));
}

/**
 * The number of a new connection, above all others, whichever control process they are to. To be taken before the daemon can speak on
 * it: a daemon opens one when it gave up the one before, so that its numbers rise in the order in which it speaks.
 */
export async function nextConnection(db: Db): Promise<number> {
  const { rows } = await sql<{ number: number }>`select nextval('connections') as number`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a sequence has a next value');
  return row.number;
}

/**
 * Notes that a daemon speaks on a connection, holding revision `have` on its disk. What it confirmed before counts no further than that;
 * when it is ahead of the database, which was restored then, it counts for nothing. False, and nothing noted, when the daemon has
 * spoken on a later connection already.
 */
export async function noteHello(
  db: Db,
  daemon: Daemon,
  connection: number,
  { have, clockOffsetMs }: { readonly have: number; readonly clockOffsetMs: number },
): Promise<boolean> {
  const { table, column } = statusOf(daemon.kind);
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} t
       set applied = case when ${have}::bigint > r.value then 0 else least(t.applied, ${have}::bigint) end,
           seen_at = now(), clock_offset_ms = ${clamp(clockOffsetMs)}, connection = ${connection}
      from revision r where t.${sql.id(column)} = ${daemon.number} and t.connection < ${connection}::bigint`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

/**
 * Notes which revision a daemon's kernel holds, as it says on a connection. It never goes back; one that was never taken is ignored.
 * False, and nothing noted, when that is not the connection of its last hello: a daemon that lost its disk holds nothing, whatever
 * its former words that arrive only now.
 */
export async function noteApplied(
  db: Db,
  { kind, number }: Daemon,
  connection: number,
  revision: number,
): Promise<boolean> {
  const { table, column } = statusOf(kind);
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} t
       set applied = case when ${revision}::bigint > r.value then t.applied else greatest(t.applied, ${revision}::bigint) end, seen_at = now()
      from revision r
     where t.${sql.id(column)} = ${number} and t.connection = ${connection}::bigint`.execute(db);
  return numAffectedRows === 1n;
}

/**
 * Notes when daemons were last heard of, each as an age in milliseconds: the database's clock is the common one. Every second, so
 * without waiting for the disk: a second later it is told anew.
 */
export async function noteSeen(
  db: Db,
  kind: DaemonKind,
  heard: readonly { readonly number: number; readonly ageMs: number }[],
): Promise<void> {
  if (heard.length === 0) return;
  const { table, column } = statusOf(kind);
  // In one order, so that two control processes that write the same rows do not wait for each other in a circle.
  await undurably(db, (tx) =>
    sql`
    with heard as (
      select * from unnest(${heard.map(({ number }) => number)}::int[], ${heard.map(({ ageMs }) => ageMs)}::float8[]) as h (no, age)),
    locked as (
      select t.${sql.id(column)} as no from ${sql.table(table)} t join heard h on h.no = t.${sql.id(column)}
       order by 1 for update of t)
    update ${sql.table(table)} t set seen_at = greatest(t.seen_at, now() - h.age * interval '1 ms')
      from heard h join locked l on l.no = h.no where t.${sql.id(column)} = h.no`.execute(tx),
  );
}

/** A gateway's view of its paths to agents, by plant number. `full` replaces all it said before. */
export interface Paths {
  readonly full: boolean;
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** Notes a gateway's view of its paths. Plants that are gone are passed over. */
export async function notePaths(db: Db, gateway: number, { full, up, down }: Paths): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (full) {
      await sql`delete from paths where gateway_no = ${gateway}
        and plant_no <> all(${up}::int[]) and plant_no <> all(${down}::int[])`.execute(tx);
    }
    await sql`
      insert into paths (gateway_no, plant_no, up)
      select g.no, p.no, p.no = any(${up}::int[])
        from gateways g, plants p
       where g.no = ${gateway} and (p.no = any(${up}::int[]) or p.no = any(${down}::int[]))
       order by p.no
      on conflict (gateway_no, plant_no) do update set up = excluded.up, since = now()
        where paths.up <> excluded.up`.execute(tx);
  });
}

/** Records what a daemon found wrong in its kernel and repaired (VPN-6). */
export async function noteRepair(db: Db, daemon: Daemon, what: string, detail: string): Promise<void> {
  const by = daemon.kind === 'gateway' ? { gateway: daemon.number } : { plant: daemon.number };
  await db
    .insertInto('corrections')
    .values({ kind: `${daemon.kind}-repaired`, detail: JSON.stringify({ ...by, what, detail }) })
    .execute();
}

/** Records which users met a limit at a gateway, and how many packets it cost them (VPN-16). */
export async function noteLimits(
  db: Db,
  gateway: number,
  hits: readonly { readonly user: Ip; readonly packets: number }[],
): Promise<void> {
  await sql`
    insert into limit_hits (gateway_no, user_id, packets)
    select g.no, c.user_id, h.packets
      from unnest(${hits.map(({ user }) => user)}::bigint[], ${hits.map(({ packets }) => packets)}::bigint[]) as h (address, packets)
      join certificates c on c.address = inet '0.0.0.0' + h.address
      join gateways g on g.no = ${gateway}`.execute(db);
}

/** A commit that a crash of the server within half a second may lose. */
async function undurably(db: Db, write: (tx: Tx) => Promise<unknown>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`set local synchronous_commit = off`.execute(tx);
    await write(tx);
  });
}

function statusOf(kind: DaemonKind): { table: string; column: string } {
  return kind === 'gateway'
    ? { table: 'gateway_status', column: 'gateway_no' }
    : { table: 'agent_status', column: 'plant_no' };
}

/** A clock may be off by any amount; the column holds 24 days. */
function clamp(milliseconds: number): RawBuilder<unknown> {
  const limit = 2 ** 31 - 1;
  return sql`${Math.max(-limit, Math.min(limit, Math.round(milliseconds)))}::int`;
}
