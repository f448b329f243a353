import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { formatCidr } from '../net/cidr.ts';
import { type Ip, toIp } from '../net/ip.ts';
import { type Rows, type SettingRow, type UserRow, rowsSchema, settingRow, userRow } from '../wire/state.ts';
import type { Change } from './change.ts';
import { inPieces } from './pieces.ts';
import { NO_GONE, NO_ROWS, type State, applyChange, emptyState } from './state.ts';

/** One generation of a gateway's rows: a SQLite file. Its functions throw whatever SQLite or the schema says. */
export interface RowsFile {
  revision(): number;
  /** All rows, checked by the schema of the wire. */
  read(): State;
  /** Applies a change in one transaction that may last over some turns of the event loop. Durable when it resolves. */
  apply(revision: number, change: Change): Promise<void>;
  close(): void;
}

/** Marks a file as ours and of this layout. A file of another one is not read. */
const LAYOUT = 0x50573033;

/** All of a user is one row: a change of one route writes a kilobyte, and a million routes are ten thousand rows. */
const SCHEMA = `
  create table revision (one integer primary key check (one = 1), value integer not null) strict;
  create table rows (kind text not null, key integer not null, value text not null, primary key (kind, key)) strict, without rowid;
  create table users (address integer primary key, value text not null) strict;
  pragma application_id = ${LAYOUT};`;

const PLAIN = ['slots', 'gateways', 'agents', 'subnets'] as const;

/** What of one user is stored. */
interface Stored {
  row: Omit<UserRow, 'address'> | null;
  /** Plant, revision since when. */
  readonly reach: Map<number, number>;
  readonly settings: Map<number, Pick<SettingRow, 'chosen' | 'paused'>>;
}

/** The same as it stands in the file: reach is one list, plant and revision in turn, for there are a million of them. */
const stored = z.object({
  row: userRow.omit({ address: true }).nullable(),
  reach: z.array(z.int().min(0)).refine((list) => list.length % 2 === 0, 'is not a list of pairs'),
  settings: z.array(z.tuple([settingRow.shape.subnet, settingRow.pick({ chosen: true, paused: true })])),
});

/**
 * Writes a file of all rows, without a log and without waiting for the disk: it is worth nothing before its end, and whoever
 * uses it then flushes it. The state must not change meanwhile.
 */
export async function writeRowsFile(path: string, revision: number, state: State): Promise<void> {
  const db = new DatabaseSync(path);
  try {
    db.exec(`pragma journal_mode = off; pragma synchronous = off; ${SCHEMA} begin`);
    await inPieces(writeAll(db, state));
    db.prepare('insert into revision (one, value) values (1, ?)').run(revision);
    db.exec('commit');
  } finally {
    db.close();
  }
}

function* writeAll(db: DatabaseSync, state: State): Generator {
  const put = db.prepare('insert into rows (kind, key, value) values (?, ?, ?)');
  for (const kind of PLAIN) for (const [key, row] of state[kind]) yield put.run(kind, key, toJson(row));
  const putUser = db.prepare('insert into users (address, value) values (?, ?)');
  const users = new Set([...state.users.keys(), ...state.reach.keys(), ...state.settings.keys()]);
  for (const user of [...users].sort((a, b) => a - b)) {
    const reach = state.reach.get(user) ?? new Map<number, number>();
    const settings = state.settings.get(user) ?? new Map<number, never>();
    yield putUser.run(user, storedText({ row: state.users.get(user) ?? null, reach, settings }));
  }
}

/** Opens a file that `writeRowsFile` made. Throws when it is none, or of another layout. */
export function openRowsFile(path: string): RowsFile {
  const db = new DatabaseSync(path);
  try {
    if (db.prepare('pragma application_id').get()?.['application_id'] !== LAYOUT)
      throw new Error('it is of another version');
    db.exec('pragma journal_mode = wal; pragma synchronous = full;');
    const steps = preparedSteps(db);
    return {
      revision: () => z.int().min(1).parse(db.prepare('select value from revision').get()?.['value']),
      read: () => readAll(db),
      apply: (revision, change) => transaction(db, steps(revision, change)),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

async function transaction(db: DatabaseSync, steps: Iterator<unknown>): Promise<void> {
  db.exec('begin immediate');
  try {
    await inPieces(steps);
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** The steps that write a change. */
function preparedSteps(db: DatabaseSync): (revision: number, change: Change) => Generator {
  const put = db.prepare('insert or replace into rows (kind, key, value) values (?, ?, ?)');
  const remove = db.prepare('delete from rows where kind = ? and key = ?');
  const getUser = db.prepare('select value from users where address = ?');
  const putUser = db.prepare('insert or replace into users (address, value) values (?, ?)');
  const removeUser = db.prepare('delete from users where address = ?');
  const setRevision = db.prepare('insert or replace into revision (one, value) values (1, ?)');
  return function* (revision, change) {
    for (const kind of PLAIN) {
      for (const key of change.gone[kind]) yield remove.run(kind, key);
      for (const [key, row] of change.rows[kind]) yield put.run(kind, key, toJson(row));
    }
    for (const user of new Set([...change.leaving.keys(), ...change.coming.keys()])) {
      const text = getUser.get(user)?.['value'];
      const after = changed(text === undefined ? nobody() : parseStored(text), change, user);
      if (after.row === null && after.reach.size + after.settings.size === 0) yield removeUser.run(user);
      else yield putUser.run(user, storedText(after));
    }
    setRevision.run(revision);
  };
}

/** What is stored of a user after a change: what goes first, then what comes. */
function changed(before: Stored, change: Change, user: Ip): Stored {
  const leaving = change.leaving.get(user);
  const coming = change.coming.get(user);
  const after = leaving?.isGone === true ? nobody() : before;
  if (leaving?.row !== undefined) after.row = leaving.row;
  for (const plant of leaving?.reach ?? []) after.reach.delete(plant);
  for (const subnet of leaving?.settings ?? []) after.settings.delete(subnet);
  for (const [plant, since] of coming?.reach ?? []) after.reach.set(plant, since);
  for (const [subnet, row] of [...(leaving?.paused ?? []), ...(coming?.settings ?? [])])
    after.settings.set(subnet, row);
  return after;
}

function nobody(): Stored {
  return { row: null, reach: new Map(), settings: new Map() };
}

function storedText({ row, reach, settings }: Stored): string {
  return JSON.stringify({
    row: row && { slot: row.slot, publicKey: row.publicKey },
    reach: [...reach].flat(),
    settings: [...settings].map(([subnet, { chosen, paused }]) => [subnet, { chosen, paused }]),
  });
}

function parseStored(text: unknown): Stored {
  const { row, reach: list, settings } = stored.parse(JSON.parse(String(text)));
  const reach = new Map<number, number>();
  for (let at = 0; at < list.length; at += 2) reach.set(list[at] ?? 0, list[at + 1] ?? 0);
  return { row, reach, settings: new Map(settings) };
}

function readAll(db: DatabaseSync): State {
  const state = emptyState();
  for (const kind of PLAIN) {
    const values = db.prepare('select value from rows where kind = ?').all(kind);
    const rows = { [kind]: values.map(({ value }) => JSON.parse(String(value)) as unknown) };
    applyChange(state, rowsSchema.parse(rows), NO_GONE);
  }
  for (const { address, value } of db.prepare('select address, value from users').iterate())
    applyChange(state, userRows(toIp(Number(address)), parseStored(value)), NO_GONE);
  return state;
}

/** What is stored of a user, as rows. */
function userRows(user: Ip, { row, reach, settings }: Stored): Rows {
  return {
    ...NO_ROWS,
    users: row === null ? [] : [{ address: user, ...row }],
    reach: [...reach].map(([plant, since]) => [user, plant, since]),
    settings: [...settings].map(([subnet, { chosen, paused }]) => ({ user, subnet, chosen, paused })),
  };
}

/** A row as it stands on the wire: prefixes are texts. */
function toJson(row: object): string {
  return JSON.stringify(row, (_, value: unknown) => (isCidr(value) ? formatCidr(value) : value));
}

function isCidr(value: unknown): value is Parameters<typeof formatCidr>[0] {
  return typeof value === 'object' && value !== null && 'base' in value && 'length' in value && !Array.isArray(value);
}
