import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { codeOf, testControl } from '../../../test/control/app.ts';

test('what is not a request the API takes is refused as a problem with the code for it', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const json = { 'content-type': 'application/json' };
  const post = (payload: string, headers: Record<string, string> = json) =>
    control.call(person, 'POST', '/tokens', undefined, { payload, headers });
  expect(codeOf(await post('{'))).toBe('invalid-request');
  expect(codeOf(await post(''))).toBe('invalid-request');
  expect(codeOf(await post('name=t', { 'content-type': 'application/x-www-form-urlencoded' }))).toBe('invalid-request');
  expect(codeOf(await post(JSON.stringify({ name: 'x'.repeat(300_000) })))).toBe('message-too-large');
  expect(codeOf(await post('{"__proto__": {"name": "t"}}'))).toBe('invalid-request');
  expect(codeOf(await control.call(person, 'GET', '/nothing'))).toBe('not-found');
  expect(codeOf(await control.call(undefined, 'PATCH', '/tokens'))).toBe('not-found');
  const key = { 'idempotency-key': 'k' };
  expect(codeOf(await control.call(person, 'POST', '/nothing', {}, { headers: key }))).toBe('not-found');
  expect(codeOf(await control.call(person, 'DELETE', '/tokens/not-an-id'))).toBe('invalid-request');
});

test('an invalid request is told each field that is wrong', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const answer = await control.call(person, 'POST', '/tokens', { name: '', scopes: ['x'], networks: ['10.0.0.1/8'] });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json).toMatchObject({
    type: 'urn:parkway:problem:invalid-request',
    status: 400,
    errors: [{ path: '/name' }, { path: '/scopes/0' }, { path: '/networks/0', message: 'not a prefix (host-bits)' }],
  });
});

test('what goes wrong on our side is told without what it was', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  await sql`drop table api_tokens cascade`.execute(control.deps.db);
  const answer = await control.call(person, 'GET', '/tokens');
  expect(codeOf(answer)).toBe('internal');
  expect(answer.text).not.toContain('api_tokens');
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});
