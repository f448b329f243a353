import { DatabaseSync } from 'node:sqlite';
import { formatCidr } from '../net/cidr.ts';
import { type Gone, type Rows, type RowsJson, rowsSchema } from '../wire/state.ts';

/** A gateway's durable state: the rows it was last told, and their revision. Slot keys stay sealed in it. */
export interface Disk {
  /** What was stored last; revision 0 and no rows in a new file. */
  load(): { revision: number; rows: Rows };
  /** Replaces everything. Durable when it returns. */
  replace(revision: number, rows: Rows): void;
  /** Applies a change. Durable when it returns. */
  apply(revision: number, rows: Rows, gone: Gone): void;
  close(): void;
}

type Kind = keyof Rows;

/** Rows with their kind, and their key in the form of `Gone`, as text. */
function* stored(rows: Rows): Generator<[Kind, string, unknown]> {
  for (const row of rows.slots) yield ['slots', String(row.slot), row];
  for (const row of rows.gateways) yield ['gateways', String(row.gateway), row];
  for (const row of rows.agents) yield ['agents', String(row.plant), row];
  for (const row of rows.subnets) yield ['subnets', String(row.subnet), row];
  for (const row of rows.users) yield ['users', String(row.address), row];
  for (const row of rows.reach) yield ['reach', `${row[0]},${row[1]}`, row];
  for (const row of rows.settings) yield ['settings', `${row.user},${row.subnet}`, row];
}

const KINDS = ['slots', 'gateways', 'agents', 'subnets', 'users', 'reach', 'settings'] as const;

/** Opens the file, or makes it. Throws when it is not a state file of ours. */
export function openDisk(path: string): Disk {
  const db = new DatabaseSync(path);
  db.exec(`pragma journal_mode = wal; pragma synchronous = full;
    create table if not exists revision (one integer primary key check (one = 1), value integer not null);
    create table if not exists rows (kind text not null, key text not null, value text not null, primary key (kind, key)) without rowid;`);
  const put = db.prepare('insert or replace into rows (kind, key, value) values (?, ?, ?)');
  const remove = db.prepare('delete from rows where kind = ? and key = ?');
  // A user's own rows have keys that begin with the address and a comma; '-' is the character behind the comma.
  const removeOwn = db.prepare("delete from rows where kind in ('reach', 'settings') and key > ? and key < ?");
  const setRevision = db.prepare('insert or replace into revision (one, value) values (1, ?)');

  function transaction(work: () => void): void {
    db.exec('begin immediate');
    try {
      work();
      db.exec('commit');
    } catch (error) {
      db.exec('rollback');
      throw error;
    }
  }

  function putRows(rows: Rows): void {
    for (const [kind, key, row] of stored(rows)) put.run(kind, key, toJson(row));
  }

  return {
    load: () => ({ revision: readRevision(db), rows: readRows(db) }),
    replace: (revision, rows) =>
      transaction(() => {
        db.exec('delete from rows');
        putRows(rows);
        setRevision.run(revision);
      }),
    apply: (revision, rows, gone) =>
      transaction(() => {
        for (const kind of KINDS) for (const key of gone[kind]) remove.run(kind, String(key));
        for (const user of gone.users) removeOwn.run(`${user},`, `${user}-`);
        putRows(rows);
        setRevision.run(revision);
      }),
    close: () => db.close(),
  };
}

function readRevision(db: DatabaseSync): number {
  return Number(db.prepare('select value from revision').get()?.['value'] ?? 0);
}

function readRows(db: DatabaseSync): Rows {
  const texts: Record<Kind, string[]> = {
    slots: [],
    gateways: [],
    agents: [],
    subnets: [],
    users: [],
    reach: [],
    settings: [],
  };
  for (const row of db.prepare('select kind, value from rows').iterate()) {
    const kind = KINDS.find((name) => name === row['kind']);
    if (kind !== undefined) texts[kind].push(String(row['value']));
  }
  const json = KINDS.map((kind) => `"${kind}":[${texts[kind].join(',')}]`).join(',');
  return rowsSchema.parse(JSON.parse(`{${json}}`) satisfies RowsJson);
}

/** A row as it stands on the wire: prefixes are texts. */
function toJson(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) => (isCidr(value) ? formatCidr(value) : value));
}

function isCidr(value: unknown): value is Parameters<typeof formatCidr>[0] {
  return typeof value === 'object' && value !== null && 'base' in value && 'length' in value && !Array.isArray(value);
}
