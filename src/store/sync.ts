/**
 * What gateways hold, read for sending: everything, or the keys that changed after a revision with the rows as they are now.
 * Both come from one snapshot of the database, so whatever committed before the revision they carry is in them.
 */
import { type ControlledTransaction, sql } from 'kysely';
import { z } from 'zod';
import type { Db } from './db.ts';
import type { Schema } from './schema.ts';
import { type Kind, READINGS } from './sync-rows.ts';

/** Rows or keys by kind, as the database made JSON of them in the form of `wire/state.ts`. */
type Entries = { readonly [K in Kind]?: unknown[] };

/** A part of a snapshot or of a delta, of `ToDaemonJson`'s form; only the one marked `last` completes it. */
export type SyncMessage =
  | { type: 'snapshot'; revision: number; part: number; last: boolean; rows: Entries }
  | { type: 'delta'; from: number; to: number; last: boolean; rows: Entries; gone: Entries };

/** Turns a slot's key as it lies in the database into what one gateway can open. */
export type SealSlotKey = (slot: number, sealedKey: string) => string;

/** Entries per part: some hundred kilobytes of JSON, far below MAX_MESSAGE. */
const PART = 5000;

/**
 * The kinds and how `changes` names them. Withdrawals stand in the parts in this order: users and access first, what
 * they hang on last.
 */
const KINDS: readonly (readonly [Kind, string])[] = [
  ['slots', 'slot'],
  ['gateways', 'gateway'],
  ['users', 'user'],
  ['reach', 'reach'],
  ['settings', 'setting'],
  ['subnets', 'subnet'],
  ['agents', 'agent'],
];

type ReadTx = ControlledTransaction<Schema>;
type Body = { readonly rows: { [K in Kind]?: unknown[] }; readonly gone: { [K in Kind]?: unknown[] } };

/**
 * Everything that brings a gateway from revision `from` to the latest: nothing when it is there, else deltas; a
 * snapshot when it has nothing (0), is behind what `changes` still knows, or is ahead of a database that was restored.
 * Streams in parts, and keeps a transaction open until the last one was taken or the loop was left.
 */
export async function* catchUp(db: Db, from: number, sealSlotKey: SealSlotKey): AsyncGenerator<SyncMessage> {
  const tx = await db.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute();
  try {
    const { head, floor } = await bounds(tx);
    if (from === head) return;
    const isDelta = from >= floor && from < head;
    let part = 0;
    for await (const { last, body } of parts(tx, isDelta ? from : undefined, sealSlotKey)) {
      if (isDelta) yield { type: 'delta', from, to: head, last, ...body };
      else yield { type: 'snapshot', revision: head, part: part++, last, rows: body.rows };
    }
  } finally {
    await tx.rollback().execute();
  }
}

/** The plants of which an agent's state changed after `from` up to the latest revision; `all` when a gateway did, or when it cannot be told. */
export async function plantsChanged(
  db: Db,
  from: number,
): Promise<{ readonly head: number; readonly plants: 'all' | readonly number[] }> {
  const { rows } = await sql<{ head: number; plants: number[]; all: boolean }>`
    select r.value as head,
           (select coalesce(array_agg(distinct plant_no), '{}') from changes
             where revision > ${from}::bigint and plant_no is not null) as plants,
           ${from}::bigint < f.revision or ${from}::bigint > r.value
             or exists (select from changes where revision > ${from}::bigint and kind = 'gateway') as all
      from revision r, changes_floor f`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the revision row is gone');
  return { head: row.head, plants: row.all ? 'all' : row.plants };
}

async function bounds(tx: ReadTx): Promise<{ head: number; floor: number }> {
  return tx
    .selectFrom(['revision', 'changes_floor'])
    .select(['revision.value as head', 'changes_floor.revision as floor'])
    .executeTakeFirstOrThrow();
}

/** Cuts all entries into parts. There is always one marked `last`, an empty one if need be. */
async function* parts(
  tx: ReadTx,
  from: number | undefined,
  sealSlotKey: SealSlotKey,
): AsyncGenerator<{ last: boolean; body: Body }> {
  let body: Body = { rows: {}, gone: {} };
  let size = 0;
  for (const kind of await kindsSince(tx, from)) {
    for await (const entries of fetched(tx, kind, from, sealSlotKey)) {
      if (size + entries.length > PART) {
        yield { last: false, body };
        [body, size] = [{ rows: {}, gone: {} }, 0];
      }
      add(body, kind, entries);
      size += entries.length;
    }
  }
  yield { last: true, body };
}

/** The kinds that changed after a revision, or all: a usual change is of one kind, and its readers wait for every query. */
async function kindsSince(tx: ReadTx, from: number | undefined): Promise<Kind[]> {
  if (from === undefined) return KINDS.map(([kind]) => kind);
  const { rows } = await sql<{ kind: string }>`
    select distinct kind from changes where revision > ${from}::bigint`.execute(tx);
  const changed = new Set(rows.map(({ kind }) => kind));
  return KINDS.flatMap(([kind, noted]) => (changed.has(noted) ? [kind] : []));
}

/** One of the two is null: the row as it is now, or the key of one that is gone. */
interface Entry {
  readonly row: unknown;
  readonly gone: unknown;
}

function add({ rows, gone }: Body, kind: Kind, entries: readonly Entry[]): void {
  const present = entries.flatMap((entry) => (entry.row === null ? [] : [entry.row]));
  const absent = entries.flatMap((entry) => (entry.gone === null ? [] : [entry.gone]));
  if (present.length > 0) rows[kind] = [...(rows[kind] ?? []), ...present];
  if (absent.length > 0) gone[kind] = [...(gone[kind] ?? []), ...absent];
}

async function* fetched(
  tx: ReadTx,
  kind: Kind,
  from: number | undefined,
  sealSlotKey: SealSlotKey,
): AsyncGenerator<readonly Entry[]> {
  const reading = READINGS[kind];
  const query = from === undefined ? reading.all : reading.changed(from);
  await sql`declare ${sql.id(kind)} no scroll cursor for ${query}`.execute(tx);
  for (;;) {
    const { rows } = await sql<Entry>`fetch ${sql.lit(PART)} from ${sql.id(kind)}`.execute(tx);
    if (rows.length > 0) yield kind === 'slots' ? rows.map((entry) => sealed(entry, sealSlotKey)) : rows;
    if (rows.length < PART) return;
  }
}

function sealed({ row, gone }: Entry, sealSlotKey: SealSlotKey): Entry {
  if (row === null) return { row, gone };
  const slot = slotKey.parse(row);
  return { row: { ...slot, sealedKey: sealSlotKey(slot.slot, slot.sealedKey) }, gone };
}

const slotKey = z.looseObject({ slot: z.int(), sealedKey: z.string() });
