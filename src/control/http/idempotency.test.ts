import { expect, test } from 'vitest';
import { type Person, type TestControl, codeOf, testControl } from '../../../test/control/app.ts';

const MINUTE = 60_000;

async function post(control: TestControl, who: Person, key: string, path: string, body: object) {
  return control.call<{ id: string }>(who, 'POST', path, body, { headers: { 'idempotency-key': key } });
}

const SLOT = { address: '203.0.113.1', port: 51820 };

test('a POST with a key happens once, and the second time gets the first answer, revision included', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const first = await post(control, root, 'k', '/platform/slots', SLOT);
  const second = await post(control, root, 'k', '/platform/slots', SLOT);
  expect(first.status).toBe(201);
  expect(second).toMatchObject({ status: 201, json: first.json });
  expect(second.headers['parkway-revision']).toBe(first.headers['parkway-revision']);
  expect(second.headers['content-type']).toBe(first.headers['content-type']);
  expect((await control.call<{ items: unknown[] }>(root, 'GET', '/platform/slots')).json.items).toHaveLength(1);
});

test('a key belongs to one request and one user', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const other = await control.person('other@x.test', { platformAdministrator: true });
  await post(control, root, 'k', '/platform/regions', { name: 'eu' });
  expect(codeOf(await post(control, root, 'k', '/platform/regions', { name: 'us' }))).toBe('idempotency-mismatch');
  expect(codeOf(await post(control, root, 'k', '/platform/slots', SLOT))).toBe('idempotency-mismatch');
  expect((await post(control, other, 'k', '/platform/regions', { name: 'us' })).status).toBe(201);
  expect(codeOf(await post(control, root, 'two words', '/platform/slots', SLOT))).toBe('invalid-request');
});

test('requests with one key at the same moment: one happens, the others are told so', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(control, root, 'k', '/platform/slots', SLOT)));
  const refused = answers.filter(({ status }) => status !== 201);
  for (const answer of refused) expect(codeOf(answer)).toBe('idempotency-in-progress');
  expect((await control.call<{ items: unknown[] }>(root, 'GET', '/platform/slots')).json.items).toHaveLength(1);
});

test('a refusal is not kept: the same key may succeed later', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  await post(control, root, 'first', '/platform/regions', { name: 'eu' });
  expect(codeOf(await post(control, root, 'k', '/platform/regions', { name: 'eu' }))).toBe('name-taken');
  await control.deps.db.deleteFrom('regions').execute();
  expect((await post(control, root, 'k', '/platform/regions', { name: 'eu' })).status).toBe(201);
});

test('an attempt whose process died blocks its key for a minute and no longer', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  await post(control, root, 'k', '/platform/regions', { name: 'eu' });
  await control.deps.db.updateTable('idempotency_keys').set({ status: null, body: null }).execute();
  await control.deps.db.deleteFrom('regions').execute();
  expect(codeOf(await post(control, root, 'k', '/platform/regions', { name: 'eu' }))).toBe('idempotency-in-progress');
  control.advance(MINUTE + 1000);
  expect((await post(control, root, 'k', '/platform/regions', { name: 'eu' })).status).toBe(201);
});

test('an answer that shows a secret is not kept, and repeating it says so', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const input = { name: 't', scopes: ['read'] };
  const first = await control.call<{ token: string }>(person, 'POST', '/tokens', input, {
    headers: { 'idempotency-key': 'k' },
  });
  const second = await post(control, person, 'k', '/tokens', input);
  expect(codeOf(second)).toBe('idempotency-shown-once');
  expect(second.text).not.toContain(first.json.token);
  const kept = await control.deps.db.selectFrom('idempotency_keys').select(['status', 'body']).execute();
  expect(kept).toEqual([{ status: 201, body: null }]);
});
