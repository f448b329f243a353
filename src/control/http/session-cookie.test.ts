import { expect, test } from 'vitest';
import { type TestControl, codeOf, testControl } from '../../../test/control/app.ts';
import { hashPassword } from '../password.ts';

const PASSWORD = 'correct horse battery';
const HOUR = 3_600_000;
const OWN = { 'x-parkway': '1', 'sec-fetch-site': 'same-origin' };

async function signIn(control: TestControl, headers: Record<string, string> = OWN) {
  const body = { email: 'a@x.test', password: PASSWORD, cookie: true };
  return control.call<{ token?: string }>(undefined, 'POST', '/sessions', body, { headers });
}

/** The API, and the cookie of somebody who signed in with a browser. */
async function browser() {
  const control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const answer = await signIn(control);
  const set = String(answer.headers['set-cookie']);
  const cookie = set.split(';')[0] ?? '';
  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, headers: Record<string, string> = {}, body?: object) =>
    control.call(undefined, method, path, body, { headers: { cookie, ...headers } });
  return { control, answer, set, cookie, ask, [Symbol.asyncDispose]: () => control[Symbol.asyncDispose]() };
}

test('USR-1: a browser’s session is a cookie of this host alone that no script reads, and its secret is in no answer', async () => {
  await using world = await browser();
  expect(world.answer.status).toBe(201);
  expect(Object.keys(world.answer.json)).toEqual(['expiresAt', 'user']);
  expect(world.set).toMatch(/^__Host-parkway=pws_[\w-]{43};/);
  for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict', 'Expires=']) {
    expect(world.set).toContain(attribute);
  }
  expect(world.set).not.toContain('Domain');
  expect(world.answer.headers['cache-control']).toBe('no-store');
  expect((await world.ask('GET', '/me')).status).toBe(200);
});

test('USR-1: signing out ends the session and takes the cookie back', async () => {
  await using world = await browser();
  const out = await world.ask('DELETE', '/sessions/current', OWN);
  expect(out.status).toBe(204);
  expect(String(out.headers['set-cookie'])).toMatch(/^__Host-parkway=; .*Expires=Thu, 01 Jan 1970/);
  expect(codeOf(await world.ask('GET', '/me'))).toBe('not-signed-in');
});

test.each([
  ['another site', { 'x-parkway': '1', 'sec-fetch-site': 'cross-site' }, false],
  ['another host of the same site', { 'x-parkway': '1', 'sec-fetch-site': 'same-site' }, false],
  ['a form, which cannot send the header', { 'sec-fetch-site': 'same-origin' }, false],
  ['a browser that says nothing of where', { 'x-parkway': '1' }, false],
  ['an old browser on another origin', { 'x-parkway': '1', origin: 'https://evil.test' }, false],
  ['an origin that only begins alike', { 'x-parkway': '1', origin: 'https://parkway.test.evil.test' }, false],
  ['a document without an origin', { 'x-parkway': '1', origin: 'null' }, false],
  ['its own pages', OWN, true],
  ['an old browser on the public origin', { 'x-parkway': '1', origin: 'https://parkway.test' }, true],
  ['an old browser on the host it asks', { 'x-parkway': '1', origin: 'http://lab:8080', host: 'lab:8080' }, true],
])('USR-1: what changes something with the cookie, from %s', async (_name, headers, isAllowed) => {
  await using world = await browser();
  const make = await world.ask('POST', '/tokens', headers, { name: 't', scopes: ['read'] });
  expect([make.status, codeOf(make)]).toEqual(isAllowed ? [201, undefined] : [403, 'cross-site-refused']);
  // Signing somebody in from another page is refused alike.
  expect((await signIn(world.control, headers)).status).toBe(isAllowed ? 201 : 403);
});

test('USR-1: reading with the cookie needs no header, and a bearer token none at all', async () => {
  await using world = await browser();
  expect((await world.ask('GET', '/tokens')).status).toBe(200);
  const person = await world.control.person('b@x.test');
  expect((await world.control.call(person, 'POST', '/tokens', { name: 't', scopes: ['read'] })).status).toBe(201);
});

test('USR-1: a cookie’s secret is no bearer token, and a bearer token no cookie', async () => {
  await using world = await browser();
  const { control, cookie } = world;
  const token = cookie.slice(cookie.indexOf('=') + 1);
  expect(codeOf(await control.call({ token }, 'GET', '/me'))).toBe('not-signed-in');
  const person = await control.person('b@x.test');
  const api = await control.call<{ token: string }>(person, 'POST', '/tokens', { name: 't', scopes: ['read'] });
  for (const secret of [person.token, api.json.token, 'no', '']) {
    const headers = { cookie: `__Host-parkway=${secret}` };
    expect(codeOf(await control.call(undefined, 'GET', '/me', undefined, { headers }))).toBe('not-signed-in');
  }
});

test('USR-1: a browser’s session ends when it is not used for twelve hours, and after seven days in any case', async () => {
  await using world = await browser();
  for (let hours = 11; hours < 7 * 24; hours += 11) {
    world.control.advance(11 * HOUR);
    expect([hours, (await world.ask('GET', '/me')).status]).toEqual([hours, 200]);
  }
  world.control.advance(4 * HOUR);
  expect(codeOf(await world.ask('GET', '/me'))).toBe('not-signed-in');
  const again = String((await signIn(world.control)).headers['set-cookie']).split(';')[0] ?? '';
  const ask = () => world.control.call(undefined, 'GET', '/me', undefined, { headers: { cookie: again } });
  expect((await ask()).status).toBe(200);
  world.control.advance(12 * HOUR + 1);
  expect(codeOf(await ask())).toBe('not-signed-in');
});
