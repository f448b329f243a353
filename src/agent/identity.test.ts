import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import type { Enrollment } from '../wire/enroll.ts';
import type { EnrollResponse } from '../wire/sync.ts';
import { type Enrolling, NotEnrolled, loadIdentity, loadKeys } from './identity.ts';

const answer: EnrollResponse = {
  kind: 'agent',
  id: '7e1c3d4e-2f38-4c5d-9a63-1f0c6b1f2a3b',
  number: 4,
  address: toIp(0x64500009),
  controlKey: newKeyPair('ed25519').publicKey,
};

let folder = '';
let asked: Enrollment[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-identity-'));
  asked = [];
});
afterEach(() => rm(folder, { recursive: true }));

function enrolling(change: Partial<Enrolling> = {}): Enrolling {
  return {
    url: 'http://control',
    stateDir: join(folder, 'state'),
    tokenFile: join(folder, 'token'),
    enroll: async (enrollment) => {
      asked.push(enrollment);
      return answer;
    },
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
  expect(await loadIdentity(options, keys)).toEqual(answer);
  expect(asked).toEqual([
    {
      url: 'http://control',
      token: 'secret-token',
      identityKey: keys.identity.publicKey,
      tunnelKey: keys.tunnel.publicKey,
    },
  ]);
  expect(existsSync(join(folder, 'token'))).toBe(false);
  expect(await loadIdentity({ ...options, tokenFile: undefined }, keys)).toEqual(answer);
  expect(asked.length).toBe(1);
});

test('a failed enrolment keeps the token and leaves no identity', async () => {
  const options = enrolling({ enroll: () => Promise.reject(new Error('away')) });
  const keys = await loadKeys(options.stateDir);
  await writeFile(join(folder, 'token'), 'secret-token');
  await expect(loadIdentity(options, keys)).rejects.toThrow('away');
  expect(existsSync(join(folder, 'token'))).toBe(true);
  expect(existsSync(join(options.stateDir, 'identity.json'))).toBe(false);
});

test('without identity and token, or with a gateway’s token, the operator is told what to do', async () => {
  const keys = await loadKeys(folder);
  await expect(loadIdentity(enrolling(), keys)).rejects.toThrow(NotEnrolled);
  await writeFile(join(folder, 'token'), 'secret-token');
  const wrong = enrolling({ stateDir: folder, enroll: async () => ({ ...answer, kind: 'gateway' }) });
  await expect(loadIdentity(wrong, keys)).rejects.toThrow(/make one for the plant/);
});
