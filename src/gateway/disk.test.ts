import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AFTER_DELTA, AFTER_SNAPSHOT, BEFORE, DELTA } from '../../test/kill/states.ts';
import { KernelError, realRunner } from '../kernel/run.ts';
import { type Ip, toIp } from '../net/ip.ts';
import { emptyChange, merge } from './change.ts';
import { BrokenDisk, openDisk } from './disk.ts';
import { NO_GONE, NO_ROWS, type State, emptyState } from './state.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-disk-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function stored(what: { revision: number; state: State }): Promise<void> {
  const disk = openDisk(path);
  await disk.replace(what.revision, what.state);
  disk.close();
}

function loaded() {
  const disk = openDisk(path);
  try {
    return disk.load();
  } finally {
    disk.close();
  }
}

test('nothing was ever stored', () => {
  expect(loaded()).toEqual({ revision: 0, state: emptyState() });
  expect(readdirSync(folder)).toEqual([]);
});

test(
  'kill -9 before every step of a snapshot and a delta: one of the three is whole, and all goes on',
  { timeout: 120_000 },
  async () => {
    const wholes = [BEFORE, AFTER_SNAPSHOT, AFTER_DELTA];
    const child = fileURLToPath(new URL('../../test/kill/disk.ts', import.meta.url));
    const runner = realRunner();
    const seen: number[] = [];
    for (let isDead = true, step = 0; isDead; step += 1) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join(tmpdir(), 'gateway-disk-'));
      path = join(folder, 'state.db');
      await stored(BEFORE);
      isDead = await runner.run([process.execPath, child, path, String(step)]).then(
        () => false,
        (error: unknown) => error instanceof KernelError && error.message.includes('SIGKILL'),
      );
      const held = loaded();
      seen.push(held.revision);
      expect(held).toEqual(wholes.find(({ revision }) => revision === held.revision));
      await stored({ revision: 8, state: AFTER_SNAPSHOT.state });
      expect(loaded()).toEqual({ revision: 8, state: AFTER_SNAPSHOT.state });
      expect(readdirSync(folder).sort()).toEqual(['state.db', readlinkSync(path)]);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect([...new Set(seen)]).toEqual([5, 6, 7]);
  },
);

test('a change that takes many turns of the event loop is whole or not there', async () => {
  const disk = openDisk(path);
  await disk.replace(BEFORE.revision, BEFORE.state);
  const change = emptyChange();
  const reach = Array.from({ length: 30_000 }, (_, n): [Ip, number, number] => [toIp(n), 2, 6]);
  merge(change, { rows: { ...NO_ROWS, reach }, gone: NO_GONE });
  let isWritten = false;
  const writing = disk.apply(6, change).then(() => (isWritten = true));
  await setImmediate();
  expect([isWritten, loaded()]).toEqual([false, BEFORE]);
  await writing;
  disk.close();
  expect([loaded().revision, loaded().state.reach.size]).toEqual([6, 30_001]);
});

test('a file of the former layout is not read, and gives way to the next snapshot', async () => {
  const former = new DatabaseSync(path);
  former.exec(`pragma journal_mode = wal;
    create table revision (one integer primary key check (one = 1), value integer not null);
    create table rows (kind text not null, key text not null, value text not null, primary key (kind, key)) without rowid;
    insert into revision values (1, 41);
    insert into rows values ('reach', '1,2', '[1,2,3]');`);
  expect(loaded).toThrow(BrokenDisk);
  await stored(BEFORE);
  former.close();
  expect(loaded()).toEqual(BEFORE);
  expect(readdirSync(folder).sort()).toEqual(['state.db', 'state.db.1']);
});

test('a generation of another layout is not read', async () => {
  await stored(BEFORE);
  const file = new DatabaseSync(path);
  file.exec('pragma application_id = 7');
  file.close();
  expect(loaded).toThrow('another version');
});

test.each([
  ['cut off', (file: string) => truncateSync(file, readFileSync(file).length / 2)],
  ['empty', (file: string) => truncateSync(file, 0)],
  ['gone', (file: string) => rmSync(file)],
  ['something else', (file: string) => writeFileSync(file, 'x'.repeat(10_000))],
  ['overwritten in the middle', (file: string) => writeFileSync(file, readFileSync(file).fill(0xa5, 4096))],
])('a file that is %s is not read, and gives way to the next snapshot', async (_name, damage) => {
  await stored(BEFORE);
  damage(join(folder, readlinkSync(path)));
  expect(loaded).toThrow(BrokenDisk);
  await stored(AFTER_SNAPSHOT);
  expect(loaded()).toEqual(AFTER_SNAPSHOT);
});

test('rows that no gateway can be told are not read', async () => {
  await stored(BEFORE);
  const file = new DatabaseSync(path);
  file.exec(`update users set value = replace(value, '"reach":[2,5]', '"reach":[-2,5]')`);
  file.close();
  expect(loaded).toThrow(BrokenDisk);
});

function unwritable(): never {
  throw new Error('no room');
}

test('a snapshot that cannot be written leaves what was there, and nothing beside it', async () => {
  const disk = openDisk(path);
  await disk.replace(BEFORE.revision, BEFORE.state);
  const state = emptyState();
  state.reach.set(toIp(1), Object.assign(new Map<number, number>(), { [Symbol.iterator]: unwritable }));
  await expect(disk.replace(9, state)).rejects.toThrow('no room');
  expect(loaded()).toEqual(BEFORE);
  await disk.apply(AFTER_DELTA.revision, DELTA);
  disk.close();
  expect(loaded().revision).toBe(AFTER_DELTA.revision);
  expect(readdirSync(folder).sort()).toEqual(['state.db', readlinkSync(path)]);
});
