import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Ip, toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import type { Gone, RowsJson } from '../wire/state.ts';
import { type ToDaemonJson, toDaemon } from '../wire/sync.ts';
import { type Disk, openDisk } from './disk.ts';
import { type State, applyChange, emptyState } from './state.ts';
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
/** What the kernel waits for before it takes a change. */
let busy: Promise<void>;
/** The state that the kernel was brought to, as it compiled it. */
let kernel: State;
/** How many keys and rows of access the kernel was handed at a time. */
let pieces: { withdrawn: number; granted: number }[];

beforeEach(() => {
  [folder, events, isFull, busy] = [mkdtempSync(join(tmpdir(), 'gateway-sync-')), [], false, Promise.resolve()];
  [kernel, pieces] = [emptyState(), []];
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(): void {
  events.push('disk');
  if (isFull) throw new Error('database or disk is full');
}

async function brought(what: string, state: State): Promise<void> {
  events.push(what);
  await busy;
  kernel = structuredClone(state);
}

function open() {
  const disk = openDisk(join(folder, 'state.db'));
  const watched: Disk = {
    ...disk,
    replace: async (...args) => (written(), disk.replace(...args)),
    apply: async (...args) => (written(), disk.apply(...args)),
  };
  const broken: string[] = [];
  const acks: number[] = [];
  const sync = openSync({
    disk: watched,
    enforcer: {
      converge: (state) => brought('converge', state),
      replace: (_before, after) => brought('replace', after),
      change: async (state, rows, gone) => {
        applyChange(state, rows, gone);
        pieces.push({ withdrawn: gone.reach.length, granted: rows.reach.length });
        await brought('change', state);
      },
    },
    onInForce: () => void acks.push(sync.inForce()),
    onBroken: (reason) => void broken.push(reason),
  });
  const take = (message: ToDaemonJson, hasMore = false) => {
    const parsed = toDaemon.parse(message);
    if (parsed.type !== 'snapshot' && parsed.type !== 'delta') throw new Error(parsed.type);
    return sync.take(parsed, hasMore);
  };
  /** Takes it, and waits for the kernel. */
  const enforce = async (message: ToDaemonJson) => {
    await take(message);
    await settled();
  };
  const settled = () => vi.waitFor(() => expect(sync.inForce()).toBe(sync.revision()), { interval: 1 });
  return { disk, sync, take, enforce, settled, acks, broken };
}

const NOTHING = { slots: [], gateways: [], agents: [], subnets: [], users: [], reach: [], settings: [] };
const delta = (from: number, rows: RowsJson, gone: Partial<Gone> = {}, to = from + 1) => ({
  type: 'delta' as const,
  from,
  to,
  last: true,
  rows,
  gone: { ...NOTHING, ...gone },
});

/** Keeps the kernel busy until it is called. */
function occupied(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  busy = promise;
  return resolve;
}

test('a snapshot in parts holds when its last part has come: disk first, then the kernel, then the word that it is in force', async () => {
  const { sync, take, settled, acks } = open();
  const { reach, ...rest } = ROWS;
  await take({ type: 'snapshot', revision: 9, part: 0, last: false, rows: rest });
  expect([sync.revision(), sync.isKnown(), sync.state().users.size, events]).toEqual([0, false, 0, []]);
  const free = occupied();
  await take({ type: 'snapshot', revision: 9, part: 1, last: true, rows: { reach } });
  expect([sync.revision(), sync.inForce(), acks, events]).toEqual([9, 0, [], ['disk', 'converge']]);
  free();
  await settled();
  expect([acks, sync.isKnown(), kernel.reach.size]).toEqual([[9], true, 1]);
});

test('what is on disk is the same after a restart, deltas included', async () => {
  const first = open();
  await first.take({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await first.enforce(
    delta(9, { users: [{ address: toIp(USER + 1), slot: 1, publicKey: KEY }] }, { settings: [[USER, 7]] }),
  );
  first.disk.close();
  const second = open();
  expect(second.sync.revision()).toBe(10);
  expect(second.sync.state()).toEqual(first.sync.state());
  await second.sync.begin();
  expect([second.sync.inForce(), kernel]).toEqual([10, first.sync.state()]);
  second.disk.close();
});

test('a gateway that was never told anything leaves the kernel as it is', async () => {
  const { sync } = open();
  await sync.begin();
  expect([sync.isKnown(), sync.inForce(), events]).toEqual([false, 0, []]);
});

test('a delta that does not continue what is held changes nothing: doubled, from before, from ahead, or with nothing held', async () => {
  const { sync, take, enforce } = open();
  await expect(take(delta(0, ROWS))).rejects.toThrow('does not continue revision 0');
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await enforce(delta(9, {}, { settings: [[USER, 7]] }));
  for (const from of [8, 9, 11])
    await expect(take(delta(from, {}, { users: [USER] }))).rejects.toThrow('does not continue revision 10');
  expect([sync.revision(), kernel.users.size]).toEqual([10, 1]);
});

test('parts that do not belong together are no message: of another, missing, or twice', async () => {
  const { sync, take, enforce } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await take({ type: 'snapshot', revision: 11, part: 0, last: false, rows: ROWS });
  const others: ToDaemonJson[] = [
    { type: 'snapshot', revision: 11, part: 0, last: true, rows: {} },
    { type: 'snapshot', revision: 11, part: 2, last: true, rows: {} },
    { type: 'snapshot', revision: 12, part: 1, last: true, rows: {} },
    delta(9, {}, { users: [USER] }),
  ];
  for (const other of others) await expect(take(other)).rejects.toThrow('does not continue revision 9');
  await take({ type: 'snapshot', revision: 11, part: 1, last: false, rows: {} });
  for (const part of [1, 3])
    await expect(take({ type: 'snapshot', revision: 11, part, last: true, rows: {} })).rejects.toThrow(
      'does not continue revision 9',
    );
  sync.restart();
  await take({ ...delta(9, {}), last: false });
  await expect(take(delta(9, {}, {}, 12))).rejects.toThrow('does not continue');
  await expect(take({ type: 'snapshot', revision: 12, part: 0, last: true, rows: {} })).rejects.toThrow(
    'does not continue',
  );
  expect([sync.revision(), kernel.users.size]).toEqual([9, 1]);
});

test('parts of a message that a lost connection cut off are forgotten', async () => {
  const { sync, take, enforce } = open();
  await take({ type: 'snapshot', revision: 9, part: 0, last: false, rows: ROWS });
  sync.restart();
  await enforce({ type: 'snapshot', revision: 11, part: 0, last: true, rows: {} });
  await take({ ...delta(11, ROWS), last: false });
  sync.restart();
  await enforce(delta(11, {}));
  expect([sync.revision(), sync.state().users.size, kernel.users.size]).toEqual([12, 0, 0]);
});

test('an empty delta asks for the word again, without writing', async () => {
  const { acks, enforce, take } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await take(delta(9, {}, {}, 9));
  await vi.waitFor(() => expect(acks).toEqual([9, 9]));
  expect(events).toEqual(['disk', 'converge']);
});

test('deltas that come while the kernel is busy are one change, and are in force together', async () => {
  const { sync, take, enforce, settled, acks } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const free = occupied();
  await take(delta(9, {}, { reach: [[USER, 2]] }));
  await take(delta(10, { reach: [[USER, 2, 11]] }));
  await take(delta(11, { reach: [[USER, 3, 12]] }));
  await take(delta(12, {}, { reach: [[USER, 3]] }));
  expect([sync.revision(), acks]).toEqual([13, [9]]);
  free();
  await settled();
  expect(events.filter((event) => event !== 'disk')).toEqual(['converge', 'change', 'change']);
  expect([acks, kernel.reach.get(USER)]).toEqual([[9, 10, 13], new Map([[2, 11]])]);
});

test('a snapshot that comes while the kernel is busy takes the place of what waits; what comes after it is added', async () => {
  const { take, enforce, settled, acks } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const free = occupied();
  await take(delta(9, {}, { settings: [[USER, 7]] }));
  await take(delta(10, { reach: [[USER, 3, 12]] }));
  await take({ type: 'snapshot', revision: 20, part: 0, last: true, rows: { ...ROWS, settings: [] } });
  await take(delta(20, { reach: [[USER, 4, 21]] }));
  free();
  await settled();
  expect(events.filter((event) => event !== 'disk')).toEqual(['converge', 'change', 'replace', 'change']);
  expect(kernel.reach.get(USER)).toEqual(
    new Map([
      [2, 5],
      [4, 21],
    ]),
  );
  expect([acks.at(-1), kernel.settings.size]).toEqual([21, 0]);
});

test('of more than the kernel takes at a time what is withdrawn comes first, though it was told last (VPN-8)', async () => {
  const { take, enforce, settled } = open();
  const users = Array.from({ length: 300 }, (_, n) => toIp(0x64400010 + n));
  const reach = users.flatMap((user) => Array.from({ length: 100 }, (_, n): [number, number, number] => [user, n, 5]));
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: { reach } });
  const free = occupied();
  await take(delta(9, { slots: ROWS.slots }));
  const [some, others] = [users.slice(0, 150), users.slice(150)];
  await take(delta(10, { reach: some.map((user) => [user, 100, 11]) }));
  await take(delta(11, {}, { reach: others.map((user) => [user, 99]) }));
  pieces = [];
  free();
  await settled();
  expect(pieces.length).toBeGreaterThan(4);
  // Where the two meet, they are one transaction, deletes first.
  expect(pieces.findLastIndex((piece) => piece.withdrawn > 0)).toBeLessThanOrEqual(
    pieces.findIndex(({ granted }) => granted > 0),
  );
  for (const [plant, count] of [
    [98, 300],
    [99, 150],
    [100, 150],
  ] as const)
    expect(kernel.usersOf.get(plant)?.size).toBe(count);
});

test('what waits for the kernel is bounded: then control has to wait, and nothing is lost', async () => {
  const { sync, take, enforce, settled } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const free = occupied();
  await take(delta(9, {}, { settings: [[USER, 7]] }));
  const reach = Array.from({ length: 200_001 }, (): [Ip, number, number] => [USER, 3, 11]);
  let isTaken = false;
  const message = { type: 'delta', from: 10, to: 11, last: true, rows: { ...NOTHING, reach }, gone: NOTHING } as const;
  const taking = sync.take(message).then(() => (isTaken = true));
  await vi.waitFor(() => expect(sync.revision()).toBe(11));
  await setImmediate();
  expect(isTaken).toBe(false);
  free();
  await taking;
  await settled();
  expect([...(kernel.reach.get(USER)?.keys() ?? [])]).toEqual([2, 3]);
});

test('a second snapshot replaces the first, on disk too; back, it does so only at the beginning of a connection', async () => {
  const { disk, sync, enforce } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  await expect(enforce({ type: 'snapshot', revision: 4, part: 0, last: true, rows: {} })).rejects.toThrow(
    'does not continue revision 9',
  );
  sync.restart();
  await enforce({ type: 'snapshot', revision: 4, part: 0, last: true, rows: {} });
  expect(disk.load()).toEqual({ revision: 4, state: emptyState() });
  expect(events).toEqual(['disk', 'converge', 'disk', 'replace']);
});

test('a user that is gone takes its access and settings along: who is given the address later has none of it (VPN-4, VPN-7)', async () => {
  const { disk, sync, enforce } = open();
  const other = { address: toIp(0x64400001), slot: 1, publicKey: newKeyPair('x25519').publicKey };
  const rows = {
    ...ROWS,
    users: [...ROWS.users, other],
    reach: [...ROWS.reach, [other.address, 2, 5] as [number, number, number]],
  };
  await enforce({ type: 'snapshot', revision: 5, part: 0, last: true, rows });
  await enforce(delta(5, NOTHING, { users: [USER] }));
  const heir = { address: USER, slot: 1, publicKey: newKeyPair('x25519').publicKey };
  await enforce(delta(6, { users: [heir] }));
  expect([...sync.state().reach.keys()]).toEqual([other.address]);
  expect([...(sync.state().usersOf.get(2) ?? [])]).toEqual([other.address]);
  expect(sync.state().settings.size).toBe(0);
  expect(disk.load().state).toEqual(sync.state());
});

test('a full disk keeps no withdrawal from the kernel; the revision is held when it could be written (VPN-8)', async () => {
  const { disk, sync, take, enforce, acks } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const withdrawal = delta(9, {}, { reach: [[USER, 2]] });
  isFull = true;
  await expect(take(withdrawal)).rejects.toThrow('full');
  expect(events).toEqual(['disk', 'converge', 'disk', 'change']);
  expect([sync.revision(), kernel.reach.size, disk.load().revision, acks]).toEqual([9, 0, 9, [9]]);
  isFull = false;
  await enforce(withdrawal);
  expect([sync.revision(), kernel.reach.size, disk.load().revision, acks]).toEqual([10, 0, 10, [9, 10]]);
});

test('a full disk keeps no snapshot from the kernel either', async () => {
  const { disk, sync, take, enforce } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  isFull = true;
  await expect(take({ type: 'snapshot', revision: 11, part: 0, last: true, rows: {} })).rejects.toThrow('full');
  expect([sync.revision(), kernel.reach.size, disk.load().revision]).toEqual([9, 0, 9]);
});

test('rows on disk that turn out damaged: the kernel follows, and all is asked for and written anew', async () => {
  const { sync, take, enforce, broken } = open();
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  const other = new DatabaseSync(join(folder, 'state.db'));
  other.exec("update users set value = '{'");
  other.close();
  await expect(take(delta(9, {}, { reach: [[USER, 2]] }))).rejects.toThrow('damaged');
  expect([sync.revision(), sync.isKnown(), kernel.reach.size, broken.length]).toEqual([0, true, 0, 1]);
  await enforce({ type: 'snapshot', revision: 10, part: 0, last: true, rows: { ...ROWS, reach: [] } });
  await enforce(delta(10, { reach: [[USER, 2, 11]] }));
  expect([sync.revision(), events.at(-3)]).toEqual([11, 'replace']);
});

test('rows on disk that cannot be read leave the kernel as it is until control has sent all (AVL-4)', async () => {
  const first = open();
  await first.enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  first.disk.close();
  writeFileSync(join(folder, 'state.db'), 'not a database');
  events = [];
  const { sync, enforce, broken } = open();
  await sync.begin();
  expect([sync.revision(), sync.isKnown(), events, broken]).toEqual([
    0,
    false,
    [],
    [expect.stringContaining('state.db')],
  ]);
  await enforce({ type: 'snapshot', revision: 9, part: 0, last: true, rows: ROWS });
  expect([events, kernel.reach.size]).toEqual([['disk', 'converge'], 1]);
});

test('deltas behind which others wait go to disk with the last of them; until then none of them is held', async () => {
  const { disk, sync, take, enforce, settled, acks } = open();
  await enforce({ type: 'snapshot', revision: 5, part: 0, last: true, rows: ROWS });
  events = [];
  await take(delta(5, NOTHING, { reach: [[USER, 2]] }), true);
  await take(delta(6, { ...NOTHING, reach: [[USER, 2, 7]] }), true);
  expect([sync.revision(), events]).toEqual([5, []]);
  await expect(take(delta(5, NOTHING))).rejects.toThrow('does not continue');
  await take(delta(7, NOTHING, { settings: [[USER, 7]] }));
  await settled();
  expect([sync.revision(), events, acks.at(-1)]).toEqual([8, ['disk', 'change'], 8]);
  expect(disk.load().state.reach.get(USER)?.get(2)).toBe(7);
});

test('deltas that wait to be written go with their connection, and a snapshot takes their place', async () => {
  const { sync, take, enforce } = open();
  await enforce({ type: 'snapshot', revision: 5, part: 0, last: true, rows: ROWS });
  await take(delta(5, NOTHING, { reach: [[USER, 2]] }), true);
  sync.restart();
  await enforce(delta(5, NOTHING, { reach: [[USER, 2]] }, 9));
  await take(delta(9, NOTHING), true);
  await expect(take({ type: 'snapshot', revision: 8, part: 0, last: true, rows: ROWS })).rejects.toThrow(
    'does not continue',
  );
  await enforce({ type: 'snapshot', revision: 10, part: 0, last: true, rows: ROWS });
  expect([sync.revision(), kernel.reach.get(USER)?.get(2)]).toEqual([10, 5]);
});
