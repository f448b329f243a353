import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { codeOf, testControl } from '../../../test/control/app.ts';
import { tenants } from '../../../test/control/tenants.ts';

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

test('what no database can hold or compare is the request’s fault, on public paths too', async () => {
  await using world = await tenants();
  const { control, root, staff, alpha, sunfield } = world;
  const cursor = Buffer.from(JSON.stringify(['yesterday', 'x y'])).toString('base64url');
  const answers = [
    await control.call(undefined, 'POST', '/sessions', { email: 'a\0@x.test', password: 'p' }),
    await control.call(staff.administrator, 'POST', `/plants/${alpha}/devices`, {
      name: 'Meter',
      address: '192.168.1.77',
      note: '\0',
    }),
    await control.call(staff.administrator, 'POST', `/organizations/${sunfield}/cooperations`, { partnerName: '\0' }),
    await control.call(root, 'GET', `/platform/corrections?cursor=${cursor}`),
    await control.call(root, 'GET', `/platform/limit-hits?cursor=${cursor}`),
  ];
  expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual(answers.map(() => [400, 'invalid-request']));
});

test('an empty body with a content type is no body', async () => {
  await using world = await tenants();
  const { control, holders, subnet, root } = world;
  await world.certify(holders.operator);
  const empty = { payload: '', headers: { 'content-type': 'application/json' } };
  const used = await control.call(holders.operator, 'POST', `/routes/${subnet}/use`, undefined, empty);
  expect(used.status).toBe(200);
  expect((await control.call(root, 'POST', '/platform/verify', undefined, empty)).status).toBe(200);
  expect(codeOf(await control.call(root, 'POST', '/platform/regions', undefined, empty))).toBe('invalid-request');
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
