import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { type ToDaemonJson, toDaemon } from '../wire/sync.ts';
import { openDisk } from './disk.ts';
import { applyChange } from './state.ts';
import { openSync } from './sync.ts';

const USER = toIp(0x6440000b);
const KEY = newKeyPair('x25519').publicKey;
const ROWS = {
  slots: [
    { slot: 1, address: toIp(0xcb007101), port: 51820, publicKey: KEY, sealedKey: 'sealed', users: '100.64.0.0/16' },
  ],
  subnets: [{ subnet: 7, plant: 2, network: '192.168.1.0/24', range: '100.96.1.0/24', since: 1 }],
  users: [{ address: USER, slot: 1, publicKey: KEY }],
  reach: [[USER, 2, 5] satisfies [number, number, number]],
  settings: [{ user: USER, subnet: 7, chosen: 3, paused: true }],
};

let folder: string;
let events: string[];
let isFull: boolean;

beforeEach(() => {
  [folder, events, isFull] = [mkdtempSync(join(tmpdir(), 'gateway-sync-')), [], false];
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(): void {
  events.push('disk');
  if (isFull) throw new Error('database or disk is full');
}

function open() {
  const disk = openDisk(join(folder, 'state.db'));
  const watched = {
    ...disk,
    replace: (...args: Parameters<typeof disk.replace>) => (written(), disk.replace(...args)),
    apply: (...args: Parameters<typeof disk.apply>) => (written(), disk.apply(...args)),
  };
  const sync = openSync({
    disk: watched,
    enforcer: {
      converge: async () => void events.push('converge'),
      change: async (state, rows, gone) => {
        events.push('change');
        applyChange(state, rows, gone);
      },
    },
  });
  const take = (message: ToDaemonJson) => {
    const parsed = toDaemon.parse(message);
    if (parsed.type !== 'snapshot' && parsed.type !== 'delta') throw new Error(parsed.type);
    return sync.take(parsed);
  };
  return { disk, sync, take };
}

const NOTHING = { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };

test('a snapshot in parts holds when its last part has come: disk first, then the kernel', async () => {
  const { sync, take } = open();
  const { reach, ...rest } = ROWS;
  expect(await take({ type: 'snapshot', revision: 9, part: 0, last: false, rows: rest })).toBe(false);
  expect([sync.revision(), events]).toEqual([0, []]);
  expect(await take({ type: 'snapshot', revision: 9, part: 1, last: true, rows: { reach } })).toBe(true);
  expect([sync.revision(), events]).toEqual([9, ['disk', 'converge']]);
});

test('what is on disk is the same after a restart, deltas included', async () => {
  const first = open();
  await first.take({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await first.take({
    type: 'delta',
    from: 9,
    to: 10,
    last: true,
    rows: { users: [{ address: toIp(USER + 1), slot: 1, publicKey: KEY }] },
    gone: { ...NOTHING, settings: [[USER, 7]] },
  });
  first.disk.close();
  const second = open();
  expect(second.sync.revision()).toBe(10);
  expect(second.sync.state()).toEqual(first.sync.state());
  second.disk.close();
});

test('a delta that does not continue what is held changes nothing', async () => {
  const { sync, take } = open();
  await take({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await expect(
    take({ type: 'delta', from: 8, to: 10, last: true, rows: {}, gone: { ...NOTHING, users: [USER] } }),
  ).rejects.toThrow('does not continue revision 9');
  expect([sync.revision(), sync.state().users.size]).toEqual([9, 1]);
});

test('parts of a message that a lost connection cut off are forgotten', async () => {
  const { sync, take } = open();
  await take({ type: 'snapshot', revision: 9, part: 0, last: false, rows: ROWS });
  sync.restart();
  await take({ type: 'snapshot', revision: 11, part: 0, last: true, rows: {} });
  expect([sync.revision(), sync.state().users.size]).toEqual([11, 0]);
});

test('a second snapshot replaces the first, on disk too', async () => {
  const { disk, take } = open();
  await take({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await take({ type: 'snapshot', revision: 4, part: 0, last: true, rows: {} });
  expect(disk.load()).toEqual({ revision: 4, rows: NOTHING });
});

test('a user that is gone takes its access and settings along: who is given the address later has none of it (VPN-4, VPN-7)', async () => {
  const { disk, sync, take } = open();
  const other = { address: toIp(0x64400001), slot: 1, publicKey: newKeyPair('x25519').publicKey };
  const rows = {
    ...ROWS,
    users: [...ROWS.users, other],
    reach: [...ROWS.reach, [other.address, 2, 5] as [number, number, number]],
  };
  await take({ type: 'snapshot', revision: 5, part: 0, last: true, rows });
  await take({ type: 'delta', from: 5, to: 6, last: true, rows: NOTHING, gone: { ...NOTHING, users: [USER] } });
  const heir = { address: USER, slot: 1, publicKey: newKeyPair('x25519').publicKey };
  await take({ type: 'delta', from: 6, to: 7, last: true, rows: { ...NOTHING, users: [heir] }, gone: NOTHING });
  expect([...sync.state().reach.keys()]).toEqual([other.address]);
  expect([...(sync.state().usersOf.get(2) ?? [])]).toEqual([other.address]);
  expect(sync.state().settings.size).toBe(0);
  expect(disk.load().rows).toMatchObject({ reach: [[other.address, 2, 5]], settings: [] });
});

test('a full disk keeps no withdrawal from the kernel; the revision is held when it could be written (VPN-8)', async () => {
  const { disk, sync, take } = open();
  await take({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const withdrawal: ToDaemonJson = {
    type: 'delta',
    from: 9,
    to: 10,
    last: true,
    rows: {},
    gone: { ...NOTHING, reach: [[USER, 2]] },
  };
  isFull = true;
  await expect(take(withdrawal)).rejects.toThrow('full');
  expect(events).toEqual(['disk', 'converge', 'disk', 'change']);
  expect([sync.revision(), sync.state().reach.size, disk.load().revision]).toEqual([9, 0, 9]);
  isFull = false;
  await take(withdrawal);
  expect([sync.revision(), sync.state().reach.size, disk.load().revision]).toEqual([10, 0, 10]);
});
