import { expect, test } from 'vitest';
import { type Person, type TestControl, codeOf, testControl } from '../../../test/control/app.ts';
import { newKeyPair } from '../../net/keys.ts';
import { headRevision } from '../../store/revisions.ts';
import type { CertificateJson } from '../../wire/rest/certificate.ts';

const key = () => newKeyPair('x25519').publicKey;

async function addSlot(control: TestControl): Promise<void> {
  const root = await control.person('root@x.test', { platformAdministrator: true });
  await control.call(root, 'POST', '/platform/slots', { address: '203.0.113.1', port: 51820 });
}

async function issue(control: TestControl, who: Person, publicKey: string, profile = 'full') {
  return control.call<CertificateJson>(who, 'POST', '/certificate', { publicKey, profile });
}

test('VPN-1, VPN-3: anybody may issue one certificate; its file names private ranges and aliases, and no default route', async () => {
  await using control = await testControl();
  await addSlot(control);
  const person = await control.person('a@x.test');
  const publicKey = key();
  const { status, json, headers } = await issue(control, person, publicKey);
  expect(status).toBe(201);
  expect(json).toMatchObject({
    address: '100.64.0.1',
    publicKey,
    profile: 'full',
    rotatedAt: null,
    allowedIps: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.96.0.0/11'],
    keepalive: 25,
  });
  expect(Number(headers['parkway-revision'])).toBe(await headRevision(control.deps.db));
  expect((await control.call(person, 'GET', '/certificate')).json).toEqual(json);
  expect((await control.call(person, 'GET', '/routes')).json).toEqual({ items: [], next: null });
  expect(codeOf(await issue(control, person, key()))).toBe('certificate-exists');
});

test('VPN-18: an alias-only profile carries the alias pool alone', async () => {
  await using control = await testControl();
  await addSlot(control);
  const { json } = await issue(control, await control.person('a@x.test'), key(), 'alias');
  expect(json.allowedIps).toEqual(['100.96.0.0/11']);
});

test('VPN-4: rotation keeps the address and buries the old key; revocation ends it all', async () => {
  await using control = await testControl();
  await addSlot(control);
  const person = await control.person('a@x.test');
  const [first, second] = [key(), key()];
  const issued = (await issue(control, person, first)).json;
  const rotated = await control.call<CertificateJson>(person, 'POST', '/certificate/rotate', { publicKey: second });
  expect(rotated.json).toMatchObject({ address: issued.address, publicKey: second, issuedAt: issued.issuedAt });
  expect(rotated.json.rotatedAt).not.toBeNull();
  expect(codeOf(await control.call(person, 'POST', '/certificate/rotate', { publicKey: first }))).toBe('key-retired');
  expect((await control.call(person, 'DELETE', '/certificate')).status).toBe(204);
  expect(codeOf(await control.call(person, 'GET', '/certificate'))).toBe('certificate-missing');
  expect(codeOf(await control.call(person, 'DELETE', '/certificate'))).toBe('certificate-missing');
  expect(codeOf(await issue(control, person, second))).toBe('key-retired');
});

test('a key that is none, or somebody else’s, is refused with its own code and changes nothing', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  expect(codeOf(await issue(control, person, key()))).toBe('unavailable');
  await addSlot(control);
  const taken = key();
  await issue(control, await control.person('b@x.test'), taken);
  const before = await headRevision(control.deps.db);
  for (const bad of ['', 'x', 'A'.repeat(43) + '=', Buffer.alloc(31, 1).toString('base64'), `${key()} `]) {
    expect(codeOf(await issue(control, person, bad))).toBe('key-invalid');
  }
  expect(codeOf(await issue(control, person, taken))).toBe('key-in-use');
  expect(codeOf(await issue(control, person, key(), 'other'))).toBe('invalid-request');
  expect(codeOf(await control.call(person, 'POST', '/certificate/rotate', { publicKey: key() }))).toBe(
    'certificate-missing',
  );
  expect(await headRevision(control.deps.db)).toBe(before);
});
