import { expect, test } from 'vitest';
import { type TestControl, codeOf } from '../../../test/control/app.ts';
import { tenants } from '../../../test/control/tenants.ts';
import { newKeyPair } from '../../net/keys.ts';
import type { EnrollmentTokenJson } from '../../wire/rest/agents.ts';

const HOUR = 3_600_000;

const keys = () => ({ identityKey: newKeyPair('ed25519').publicKey, tunnelKey: newKeyPair('x25519').publicKey });

async function enroll(control: TestControl, token: string, more: object = {}) {
  return control.call<{ id: string; address: number; controlKey: string }>(undefined, 'POST', '/enroll', {
    token,
    ...keys(),
    ...more,
  });
}

async function invite(control: TestControl, who: { token: string }, plant: string) {
  return control.call<EnrollmentTokenJson>(who, 'POST', `/plants/${plant}/agent/enrollment-tokens`);
}

test('who leads the owner enrols and removes agents; who has a role only sees them; for others there is no plant', async () => {
  await using world = await tenants();
  const { control, alpha, staff, holders, technician, stranger, root } = world;
  for (const who of [staff.administrator, staff.moderator]) {
    expect((await invite(control, who, alpha)).status).toBe(201);
  }
  for (const who of [...Object.values(holders), technician]) {
    expect(codeOf(await invite(control, who, alpha))).toBe('not-allowed');
    expect(codeOf(await control.call(who, 'DELETE', `/plants/${alpha}/agent`))).toBe('not-allowed');
    expect((await control.call(who, 'GET', `/plants/${alpha}/agent`)).status).toBe(200);
  }
  for (const who of [staff.member, staff.guest, stranger, root]) {
    expect(codeOf(await invite(control, who, alpha))).toBe('not-found');
    expect(codeOf(await control.call(who, 'DELETE', `/plants/${alpha}/agent`))).toBe('not-found');
    expect(codeOf(await control.call(who, 'GET', `/plants/${alpha}/agent`))).toBe('not-found');
  }
});

test('AGT-4: an enrolment token is valid once, for a day, and until the next one is made', async () => {
  await using world = await tenants();
  const { control, alpha, staff, holders } = world;
  const state = async () => (await control.call(holders.viewer, 'GET', `/plants/${alpha}/agent`)).json;
  expect(await state()).toEqual({ state: 'none', seenAt: null, applied: null, paths: [] });
  const former = (await invite(control, staff.administrator, alpha)).json;
  const { token, command } = (await invite(control, staff.administrator, alpha)).json;
  expect(command).not.toContain(token);
  expect(await state()).toMatchObject({ state: 'waiting' });
  expect(codeOf(await enroll(control, former.token))).toBe('enrollment-invalid');
  const enrolled = await enroll(control, token);
  expect(enrolled).toMatchObject({ status: 200, json: { kind: 'agent' } });
  expect(enrolled.json.controlKey).toBe(control.deps.installation.keys.publicKey);
  expect(codeOf(await enroll(control, token))).toBe('enrollment-invalid');
  const late = (await invite(control, staff.administrator, alpha)).json;
  control.advance(24 * HOUR + 1000);
  expect(codeOf(await enroll(control, late.token))).toBe('enrollment-invalid');
});

test('enrolment refuses keys that are none or in use, and no token is used up by that', async () => {
  await using world = await tenants();
  const { control, alpha, staff, holders } = world;
  const { token } = (await invite(control, staff.administrator, alpha)).json;
  expect(codeOf(await enroll(control, token, { identityKey: 'x' }))).toBe('key-invalid');
  expect(codeOf(await enroll(control, token, { tunnelKey: 'x' }))).toBe('key-invalid');
  expect(codeOf(await enroll(control, token, { endpoint: 'http://x' }))).toBe('invalid-request');
  const { publicKey } = newKeyPair('x25519');
  await control.call(holders.operator, 'POST', '/certificate', { publicKey });
  expect(codeOf(await enroll(control, token, { tunnelKey: publicKey }))).toBe('key-in-use');
  expect((await enroll(control, token)).status).toBe(200);
});

test('a source that guesses tokens has to wait, and others need not', async () => {
  await using world = await tenants();
  const { control } = world;
  const guess = async (remoteAddress: string) =>
    codeOf(await control.call(undefined, 'POST', '/enroll', { token: 'pwe_guess', ...keys() }, { remoteAddress }));
  for (let attempt = 0; attempt < 30; attempt += 1) await guess('192.0.2.1');
  expect(await guess('192.0.2.1')).toBe('too-many-attempts');
  expect(await guess('192.0.2.2')).toBe('enrollment-invalid');
});

test('a withdrawn agent is gone, and a later one takes its place', async () => {
  await using world = await tenants();
  const { control, alpha, staff } = world;
  await enroll(control, (await invite(control, staff.administrator, alpha)).json.token);
  const withdrawn = await control.call(staff.moderator, 'DELETE', `/plants/${alpha}/agent`);
  expect(withdrawn).toMatchObject({ status: 204 });
  expect(Number(withdrawn.headers['parkway-revision'])).toBeGreaterThan(0);
  expect(codeOf(await control.call(staff.administrator, 'DELETE', `/plants/${alpha}/agent`))).toBe('not-found');
  expect((await enroll(control, (await invite(control, staff.administrator, alpha)).json.token)).status).toBe(200);
});
