import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { type Enrollment, EnrollmentError } from './enroll.ts';
import { type Enrolling, NotEnrolled, loadKeys, obtainIdentity } from './identity.ts';
import type { EnrollResponse } from './sync.ts';

const answer: EnrollResponse = {
  kind: 'agent',
  id: '7e1c3d4e-2f38-4c5d-9a63-1f0c6b1f2a3b',
  number: 4,
  address: toIp(0x64500009),
  controlKey: newKeyPair('ed25519').publicKey,
};

let folder = '';
let asked: Enrollment[] = [];
let waits: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
  [asked, waits] = [[], []];
});
afterEach(() => rm(folder, { recursive: true }));

function enrolling(change: Partial<Enrolling> = {}): Enrolling {
  return {
    kind: 'agent',
    url: 'http://control',
    stateDir: join(folder, 'state'),
    tokenFile: join(folder, 'token'),
    enroll: async (enrollment) => {
      asked.push(enrollment);
      return answer;
    },
    onWait: (reason) => void waits.push(reason),
    waitMs: 1,
    ...change,
  };
}

test('keys are made once, for their owner alone (AGT-4)', async () => {
  const keys = await loadKeys(folder);
  const again = await loadKeys(folder);
  expect(again.identity.publicKey).toBe(keys.identity.publicKey);
  expect(again.tunnel.publicKey).toBe(keys.tunnel.publicKey);
  for (const file of ['identity.key', 'tunnel.key']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
});

test('the token is used once and its file goes; afterwards the identity on disk serves', async () => {
  const options = enrolling();
  const keys = await loadKeys(options.stateDir);
  await writeFile(join(folder, 'token'), 'secret-token\n');
  expect(await obtainIdentity(options, keys)).toEqual(answer);
  expect(asked).toEqual([
    {
      url: 'http://control',
      token: 'secret-token',
      identityKey: keys.identity.publicKey,
      tunnelKey: keys.tunnel.publicKey,
    },
  ]);
  expect(existsSync(join(folder, 'token'))).toBe(false);
  expect(await obtainIdentity({ ...options, tokenFile: undefined }, keys)).toEqual(answer);
  expect(asked.length).toBe(1);
});

test('a failed enrolment keeps the token and leaves no identity', async () => {
  const options = enrolling({ enroll: () => Promise.reject(new Error('away')) });
  const keys = await loadKeys(options.stateDir);
  await writeFile(join(folder, 'token'), 'secret-token');
  await expect(obtainIdentity(options, keys)).rejects.toThrow('away');
  expect(existsSync(join(folder, 'token'))).toBe(true);
  expect(existsSync(join(options.stateDir, 'identity.json'))).toBe(false);
});

test('without identity and token, or with a gateway’s token, the operator is told what to do', async () => {
  const keys = await loadKeys(folder);
  await expect(obtainIdentity(enrolling(), keys)).rejects.toThrow(NotEnrolled);
  await writeFile(join(folder, 'token'), 'secret-token');
  const wrong = enrolling({ stateDir: folder, enroll: async () => ({ ...answer, kind: 'gateway' }) });
  await expect(obtainIdentity(wrong, keys)).rejects.toThrow(/make one for the plant/);
});

test('a gateway sends its endpoint along, and does not take an agent’s token', async () => {
  const options = enrolling({ kind: 'gateway', endpoint: '198.51.100.1:51900' });
  const keys = await loadKeys(options.stateDir);
  await writeFile(join(folder, 'token'), 'secret-token');
  await expect(obtainIdentity(options, keys)).rejects.toThrow(/make one for a gateway/);
  expect(asked[0]?.endpoint).toBe('198.51.100.1:51900');
});

test('it waits while control is out of reach, and no longer when control gives a reason', async () => {
  const failures = [new EnrollmentError('away'), new EnrollmentError('used', 'token-used')];
  const options = enrolling({ enroll: () => Promise.reject(failures.shift() ?? new Error('asked too often')) });
  const keys = await loadKeys(options.stateDir);
  await writeFile(join(folder, 'token'), 'secret-token');
  await expect(obtainIdentity(options, keys)).rejects.toThrow('used');
  expect(waits).toEqual(['away']);
});

test.each(['', '{"kind":', '{"kind":"agent"}'])('a damaged identity is named to the operator: %s', async (text) => {
  const keys = await loadKeys(folder);
  await writeFile(join(folder, 'identity.json'), text);
  await expect(obtainIdentity(enrolling({ stateDir: folder }), keys)).rejects.toThrow(/identity.json is damaged/);
});
