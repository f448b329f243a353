import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { type Gone, type Rows, type RowsJson, rowsSchema } from '../wire/state.ts';
import { agentPeer, compareElements, compileUser, peersOf, userPeer } from './compile.ts';
import { compileAll, compileTouched, plan } from './reconcile.ts';
import { NO_GONE, NO_ROWS, applyChange, emptyState, touchedBy } from './state.ts';

const KEY = newKeyPair('x25519').publicKey;
const USER = toIp(0x6440000b);
const rows = (json: RowsJson): Rows => rowsSchema.parse(json);

const BASE: RowsJson = {
  slots: [{ slot: 1, address: toIp(0xcb007101), port: 51820, publicKey: KEY, sealedKey: '', users: '100.64.0.0/16' }],
  agents: [{ plant: 1, publicKey: KEY, address: toIp(0x64500101) }],
  subnets: [
    { subnet: 1, plant: 1, network: '10.16.0.0/12', range: '240.16.0.0/12', since: 1 },
    { subnet: 2, plant: 2, network: '10.17.0.0/16', range: '241.0.0.0/16', since: 1 },
    { subnet: 3, plant: 2, network: '192.168.1.0/24', range: '100.96.1.0/24', since: 1 },
  ],
  users: [{ address: USER, slot: 1, publicKey: KEY }],
};

function stateOf(...changes: RowsJson[]) {
  const state = emptyState();
  for (const change of changes) applyChange(state, rows(change), NO_GONE);
  return state;
}

const compiled = (...changes: RowsJson[]) =>
  [...compileUser(stateOf(...changes), USER, DEFAULT_POOLS)].map(([key, value]) => `${key} ${value}`.trim());

test('a route is a translation, its native passage, and a passage by alias where users may type it (VPN-10)', () => {
  expect(compiled(BASE, { reach: [[USER, 2, 5]] })).toEqual([
    'r16s11 100.64.0.11 . 0x0000110a 241.0.0.0/16',
    'bound16s11 100.64.0.11 . 1 . 0x000000f1',
    'r24s11 100.64.0.11 . 0x0001a8c0 100.96.1.0/24',
    'bound24s11 100.64.0.11 . 1 . 0x00016064',
    'bound24s11 100.64.0.11 . 0 . 0x00016064',
  ]);
});

test('a range inside another’s belongs to who has it longer; chosen, it is cut out of the wider one (VPN-9)', () => {
  const both: RowsJson = {
    reach: [
      [USER, 1, 4],
      [USER, 2, 5],
    ],
  };
  expect(compiled(BASE, both)).toContain('r12s11 100.64.0.11 . 0x0000100a 240.16.0.0/12');
  expect(compiled(BASE, both).filter((line) => line.startsWith('r16s'))).toEqual([]);
  const chosen = compiled(BASE, both, { settings: [{ user: USER, subnet: 2, chosen: 6, paused: false }] });
  expect(chosen.filter((line) => line.startsWith('r'))).toEqual([
    'r16s11 100.64.0.11 . 0x0000100a 240.16.0.0/16',
    'r15s11 100.64.0.11 . 0x0000120a 240.18.0.0/15',
    'r14s11 100.64.0.11 . 0x0000140a 240.20.0.0/14',
    'r13s11 100.64.0.11 . 0x0000180a 240.24.0.0/13',
    'r16s11 100.64.0.11 . 0x0000110a 241.0.0.0/16',
    'r24s11 100.64.0.11 . 0x0001a8c0 100.96.1.0/24',
  ]);
});

test('a paused route has no element, and a user without certificate none at all (VPN-11)', () => {
  const paused: RowsJson = {
    reach: [[USER, 2, 5]],
    settings: [2, 3].map((subnet) => ({ user: USER, subnet, chosen: 0, paused: true })),
  };
  expect(compiled(BASE, paused)).toEqual([]);
  const state = stateOf(BASE, { reach: [[USER, 2, 5]] });
  applyChange(state, NO_ROWS, { ...NO_GONE, users: [USER] });
  expect(compileUser(state, USER, DEFAULT_POOLS).size).toBe(0);
});

test('a user’s peer may send from its own address alone, an agent’s from its own and its plant’s unique ranges', () => {
  const state = stateOf(BASE);
  expect(userPeer(state, USER)).toEqual({ dev: 'slot1', publicKey: KEY, allowedIps: ['100.64.0.11/32'] });
  expect(agentPeer(state, 1)).toEqual({
    dev: 'agents',
    publicKey: KEY,
    allowedIps: ['100.80.1.1/32', '240.16.0.0/12'],
  });
  expect(peersOf(state, 'slot1')).toEqual([userPeer(state, USER)]);
  expect(peersOf(state, 'agents')).toEqual([agentPeer(state, 1)]);
});

test('a switch of owner removes and adds in one step; nothing else moves', () => {
  const before = new Map([
    ['r24 u . n', 'A'],
    ['bound24 u . 1 . A', ''],
    ['bound24 u . 0 . A', ''],
  ]);
  const after = new Map([
    ['r24 u . n', 'B'],
    ['bound24 u . 1 . B', ''],
    ['bound24 u . 0 . A', ''],
  ]);
  expect(compareElements(before, after)).toEqual({
    remove: new Map([
      ['r24 u . n', 'A'],
      ['bound24 u . 1 . A', ''],
    ]),
    add: new Map([
      ['r24 u . n', 'B'],
      ['bound24 u . 1 . B', ''],
    ]),
  });
});

test('a key that moves to another certificate is removed there before it is set here', () => {
  const had = { dev: 'slot1', publicKey: KEY, allowedIps: ['100.64.0.11/32'] };
  const has = { dev: 'slot1', publicKey: KEY, allowedIps: ['100.64.0.12/32'] };
  const none = { elements: new Map(), peers: [] };
  expect(plan({ ...none, peers: [had] }, none).removePeers).toEqual([had]);
  expect(plan({ ...none, peers: [had] }, { ...none, peers: [has] })).toMatchObject({
    removePeers: [],
    setPeers: [has],
  });
});

const small = fc.integer({ min: 1, max: 4 });
const user = small.map((n) => toIp(USER + n));
const change = fc.record({
  subnets: fc.array(fc.tuple(small, small, small), { maxLength: 3 }),
  users: fc.array(user, { maxLength: 2 }),
  reach: fc.array(fc.tuple(user, small), { maxLength: 3 }),
  settings: fc.array(fc.tuple(user, small, fc.nat({ max: 9 }), fc.boolean()), { maxLength: 3 }),
  gone: fc.record({
    agents: fc.array(small, { maxLength: 2 }),
    subnets: fc.array(small, { maxLength: 2 }),
    users: fc.array(user, { maxLength: 2 }),
    reach: fc.array(fc.tuple(user, small), { maxLength: 3 }),
    settings: fc.array(fc.tuple(user, small), { maxLength: 2 }),
  }),
});

test('after any changes, compiling only what they touched equals compiling everything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const state = stateOf(BASE);
      let kernel = compileAll(state, DEFAULT_POOLS).elements;
      for (const [revision, one] of changes.entries()) {
        const delta = rows({
          subnets: one.subnets.map(([subnet, plant, third]) => ({
            subnet,
            plant,
            network: `10.0.${third}.0/24`,
            range: `100.96.${subnet}.0/24`,
            since: revision,
          })),
          users: one.users.map((address) => ({ address, slot: 1, publicKey: KEY })),
          reach: one.reach.map(([address, plant]): [number, number, number] => [address, plant, revision]),
          settings: one.settings.map(([address, subnet, chosen, paused]) => ({
            user: address,
            subnet,
            chosen,
            paused,
          })),
        });
        const gone: Gone = { ...NO_GONE, ...one.gone };
        const touched = touchedBy(state, delta, gone);
        const before = await compileTouched(state, touched, DEFAULT_POOLS);
        applyChange(state, delta, gone);
        const { remove, add } = plan(before, await compileTouched(state, touched, DEFAULT_POOLS)).elements;
        kernel = new Map([...kernel].filter(([key]) => !remove.has(key)).concat([...add]));
      }
      expect(kernel).toEqual(compileAll(state, DEFAULT_POOLS).elements);
    }),
  );
});
