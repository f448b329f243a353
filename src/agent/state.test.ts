import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKeyPair, signBytes } from '../net/keys.ts';
import type { AgentStateJson } from '../wire/state.ts';
import { RefusedState, type SignedState, loadState, saveState, verifyState } from './state.ts';

const control = newKeyPair('ed25519');
const issuer = { controlKey: control.publicKey, plant: 4 };
const key = newKeyPair('x25519').publicKey;
const gateway = { gateway: 1, address: 0x64500001, publicKey: key, endpoint: '198.51.1.1:51900' };
const state: AgentStateJson = {
  revision: 7,
  plant: 4,
  address: 0x64500009,
  gateways: [gateway],
  subnets: [{ network: '192.168.1.0/24', range: '100.96.1.0/24' }],
  users: [0x6440000b],
  userPool: '100.64.0.0/12',
  infrastructurePool: '100.80.0.0/12',
};

function signed(value: unknown, by = control): SignedState {
  const text = JSON.stringify(value);
  return { state: text, signature: signBytes(by.privateKey, Buffer.from(text)) };
}

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'agent-state-'))));
afterAll(() => rm(folder, { recursive: true }));

test('a state that control signed for this plant is taken', () => {
  expect(verifyState(signed(state), issuer)).toMatchObject({ revision: 7, users: state.users });
});

test.each<[string, SignedState, RegExp]>([
  ['signed by another key', signed(state, newKeyPair('ed25519')), /not signed/],
  ['changed after it was signed', { ...signed(state), state: JSON.stringify({ ...state, users: [] }) }, /not signed/],
  ['with a signature that is none', { ...signed(state), signature: 'x' }, /not signed/],
  ['that is no JSON', { state: '{', signature: signBytes(control.privateKey, Buffer.from('{')) }, /malformed/],
  ['without users', signed({ ...state, users: undefined }), /malformed/],
  [
    'with host bits in a subnet',
    signed({ ...state, subnets: [{ network: '192.168.1.1/24', range: '100.96.1.0/24' }] }),
    /malformed/,
  ],
  ['of another plant (AGT-3)', signed({ ...state, plant: 5 }), /plant 5/],
  [
    'with a gateway number too high',
    signed({ ...state, gateways: [{ ...gateway, gateway: 0xffff }] }),
    /gateway numbers/,
  ],
  ['with a gateway twice', signed({ ...state, gateways: [gateway, gateway] }), /twice/],
  [
    'with a range of another size',
    signed({ ...state, subnets: [{ network: '192.168.1.0/24', range: '100.96.1.0/25' }] }),
    /size/,
  ],
  [
    'with ranges that overlap',
    signed({
      ...state,
      subnets: ['192.168.1.0/24', '192.168.2.0/24'].map((network) => ({ network, range: '100.96.1.0/24' })),
    }),
    /overlap/,
  ],
])('a state %s is refused', (_, value, reason) => {
  expect(() => verifyState(value, issuer)).toThrow(RefusedState);
  expect(() => verifyState(value, issuer)).toThrow(reason);
});

test('a state is kept over restarts and checked again when it is read (AVL-4)', async () => {
  expect(await loadState(folder, issuer)).toBeUndefined();
  await saveState(folder, signed(state));
  await saveState(folder, signed({ ...state, revision: 8 }));
  expect(await loadState(folder, issuer)).toMatchObject({ revision: 8 });
  const path = join(folder, 'state.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('100.96.1.0', '100.96.2.0'));
  await expect(loadState(folder, issuer)).rejects.toThrow(/not signed/);
  await writeFile(path, '{"state":');
  await expect(loadState(folder, issuer)).rejects.toThrow(/damaged/);
});
