import { expect, test } from 'vitest';
import { type Person, type TestControl, codeOf, testControl } from '../../../test/control/app.ts';

interface TokenPage {
  readonly items: readonly { readonly name: string }[];
  readonly next: string | null;
}

const HOUR = 3_600_000;

async function make(control: TestControl, who: Pick<Person, 'token'>, body: object) {
  const input = { name: crypto.randomUUID(), ...body };
  const answer = await control.call<{ id: string; token: string }>(who, 'POST', '/tokens', input);
  return { answer, token: { token: answer.json.token } };
}

test('ACC-8: an API token may do what its scopes say and no more', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test', { platformAdministrator: true });
  const { token } = await make(control, person, { scopes: ['read'] });
  expect((await control.call(token, 'GET', '/tokens')).status).toBe(200);
  expect(codeOf(await control.call(token, 'GET', '/routes'))).toBe('scope-missing');
  expect(codeOf(await control.call(token, 'GET', '/platform/gateways'))).toBe('scope-missing');
  expect(codeOf(await control.call(token, 'POST', '/tokens', { name: 'n', scopes: ['read'] }))).toBe('scope-missing');
  expect((await control.call(token, 'GET', '/me')).json).toMatchObject({
    platformAdministrator: false,
    scopes: ['read'],
  });
});

test('ACC-8: the scope "platform" makes no platform administrator of anybody', async () => {
  await using control = await testControl();
  const { token } = await make(control, await control.person('a@x.test'), { scopes: ['platform'] });
  expect(codeOf(await control.call(token, 'GET', '/platform/gateways'))).toBe('not-allowed');
});

test('ACC-8: a token makes only narrower tokens', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const expiresAt = new Date(Date.now() + HOUR).toISOString();
  const parent = await make(control, person, { scopes: ['manage'], expiresAt, networks: ['127.0.0.0/8'] });
  const within = { scopes: ['read'], expiresAt, networks: ['127.0.0.1/32'] };
  expect((await make(control, parent.token, within)).answer.status).toBe(201);
  for (const wider of [
    { ...within, scopes: ['routes'] },
    { ...within, expiresAt: new Date(Date.now() + 2 * HOUR).toISOString() },
    { ...within, expiresAt: undefined },
    { ...within, networks: [] },
    { ...within, networks: ['126.0.0.0/7'] },
  ]) {
    expect((await make(control, parent.token, wider)).answer).toMatchObject({ status: 403 });
  }
});

test('ACC-8: a token ends at its time, and is valid from its networks only', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const expiresAt = new Date(Date.now() + HOUR).toISOString();
  const { token } = await make(control, person, { scopes: ['read'], expiresAt, networks: ['10.1.0.0/16'] });
  const from = (remoteAddress: string) => control.call(token, 'GET', '/me', undefined, { remoteAddress });
  expect((await from('10.1.2.3')).status).toBe(200);
  expect((await from('::ffff:10.1.2.3')).status).toBe(200);
  expect(codeOf(await from('10.2.0.1'))).toBe('source-not-allowed');
  expect(codeOf(await from('2001:db8::1'))).toBe('source-not-allowed');
  const pretended = { remoteAddress: '10.2.0.1', headers: { 'x-forwarded-for': '10.1.2.3' } };
  expect(codeOf(await control.call(token, 'GET', '/me', undefined, pretended))).toBe('source-not-allowed');
  control.advance(HOUR);
  expect(codeOf(await from('10.1.2.3'))).toBe('not-signed-in');
});

test('withdrawing a token withdraws those that it made, and nobody else’s can be withdrawn', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const parent = await make(control, person, { scopes: ['manage'] });
  const child = await make(control, parent.token, { scopes: ['read'] });
  const { id } = parent.answer.json;
  expect(codeOf(await control.call(await control.person('b@x.test'), 'DELETE', `/tokens/${id}`))).toBe('not-found');
  expect((await control.call(child.token, 'GET', '/me')).status).toBe(200);
  expect((await control.call(person, 'DELETE', `/tokens/${id}`)).status).toBe(204);
  expect(codeOf(await control.call(parent.token, 'GET', '/me'))).toBe('not-signed-in');
  expect(codeOf(await control.call(child.token, 'GET', '/me'))).toBe('not-signed-in');
});

test('a list comes in pages that together hold every item once', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  for (const name of ['c', 'a', 'B', 'e', 'd']) await make(control, person, { name, scopes: ['read'] });
  const names: string[] = [];
  for (let query = ''; ;) {
    const page: TokenPage = (await control.call<TokenPage>(person, 'GET', `/tokens?limit=2${query}`)).json;
    expect(page.items.length).toBeLessThanOrEqual(2);
    names.push(...page.items.map(({ name }) => name));
    if (page.next === null) break;
    query = `&cursor=${page.next}`;
  }
  expect(names.toSorted()).toEqual(['B', 'a', 'c', 'd', 'e']);
  expect(codeOf(await control.call(person, 'GET', '/tokens?cursor=bogus'))).toBe('invalid-request');
});
