import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { type RowsJson, rowsSchema } from '../wire/state.ts';
import { changedBetween } from './difference.ts';
import { NO_GONE, applyChange, emptyState } from './state.ts';

const KEY = newKeyPair('x25519').publicKey;
const [A, B, C] = [toIp(0x6440000b), toIp(0x6440000c), toIp(0x6440000d)];

const BASE: RowsJson = {
  slots: [{ slot: 1, address: toIp(0xcb007101), port: 51820, publicKey: KEY, sealedKey: '', users: '100.64.0.0/16' }],
  agents: [1, 2].map((plant) => ({ plant, publicKey: KEY, address: toIp(0x64500100 + plant) })),
  subnets: [1, 2].map((n) => ({ subnet: n, plant: n, network: '10.1.0.0/16', range: `240.${n}.0.0/16`, since: 1 })),
  users: [A, B, C].map((address) => ({ address, slot: 1, publicKey: KEY })),
  reach: [
    [A, 1, 2],
    [B, 2, 2],
    [C, 1, 2],
    [C, 2, 3],
  ],
  settings: [{ user: A, subnet: 1, chosen: 0, paused: true }],
};

function stateOf(...changes: RowsJson[]) {
  const state = emptyState();
  for (const change of changes) applyChange(state, rowsSchema.parse(change), NO_GONE);
  return state;
}

const between = (...changes: RowsJson[]) => changedBetween(stateOf(BASE), stateOf(BASE, ...changes));
const nothing = { users: new Set(), plants: new Set(), frame: false };

test('two snapshots of the same rows differ by nothing', () => {
  expect(between()).toEqual(nothing);
});

test('a user differs by certificate, reach, the time of it, and settings; others do not', () => {
  const key = newKeyPair('x25519').publicKey;
  expect(between({ users: [{ address: A, slot: 1, publicKey: key }] })).toEqual({ ...nothing, users: new Set([A]) });
  expect(between({ reach: [[B, 1, 4]] })).toEqual({ ...nothing, users: new Set([B]) });
  expect(between({ reach: [[C, 1, 9]] })).toEqual({ ...nothing, users: new Set([C]) });
  const setting = { user: A, subnet: 1, chosen: 0, paused: false };
  expect(between({ settings: [setting] })).toEqual({ ...nothing, users: new Set([A]) });
});

test('who has gone and who has come differ', () => {
  const less = stateOf(BASE);
  applyChange(less, rowsSchema.parse({}), { ...NO_GONE, users: [A], agents: [2] });
  expect(changedBetween(stateOf(BASE), less)).toEqual({ users: new Set([A]), plants: new Set([2]), frame: false });
  expect(changedBetween(less, stateOf(BASE))).toEqual({ users: new Set([A]), plants: new Set([2]), frame: false });
});

test('a subnet that moves to another plant touches both plants and whoever reaches one of them', () => {
  const moved = { subnet: 1, plant: 2, network: '10.1.0.0/16', range: '240.1.0.0/16', since: 1 };
  expect(between({ subnets: [moved] })).toEqual({ ...nothing, users: new Set([A, B, C]), plants: new Set([1, 2]) });
  const wider = { subnet: 2, plant: 2, network: '10.0.0.0/15', range: '240.2.0.0/15', since: 1 };
  expect(between({ subnets: [wider] })).toEqual({ ...nothing, users: new Set([B, C]), plants: new Set([2]) });
});

test('a slot is part of the frame', () => {
  const slot = {
    slot: 2,
    address: toIp(0xcb007102),
    port: 51820,
    publicKey: KEY,
    sealedKey: '',
    users: '100.65.0.0/16',
  };
  expect(between({ slots: [slot] })).toEqual({ ...nothing, frame: true });
});
