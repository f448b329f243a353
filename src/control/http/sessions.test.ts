import { expect, test } from 'vitest';
import { type TestControl, codeOf, testControl } from '../../../test/control/app.ts';
import { hashPassword } from '../password.ts';

const PASSWORD = 'correct horse battery';
const HOUR = 3_600_000;

interface NewSession {
  readonly token: string;
  readonly user: { readonly id: string };
}

async function signIn(control: TestControl, email: string, password: string, remoteAddress = '192.0.2.1') {
  return control.call<NewSession>(undefined, 'POST', '/sessions', { email, password }, { remoteAddress });
}

test('who knows the password gets a session, whatever the case of the address, and can end it', async () => {
  await using control = await testControl();
  const { id } = await control.person('Ada@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const { status, json } = await signIn(control, 'aDA@X.test', PASSWORD);
  expect(status).toBe(201);
  expect(json.user).toEqual({ id, email: 'Ada@x.test', name: 'Ada@x.test' });
  expect((await control.call(json, 'GET', '/me')).json).toMatchObject({ user: { id }, scopes: null });
  expect((await control.call(json, 'DELETE', '/sessions/current')).status).toBe(204);
  expect(codeOf(await control.call(json, 'GET', '/me'))).toBe('not-signed-in');
});

test('a session ends by itself, and its secret is not in the database', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const stored = await control.deps.db.selectFrom('sessions').selectAll().execute();
  expect(JSON.stringify(stored)).not.toContain(person.token);
  control.advance(7 * 24 * HOUR);
  expect(codeOf(await control.call(person, 'GET', '/me'))).toBe('not-signed-in');
});

test('USR-2: an address without an account, one not yet accepted and a wrong password are answered alike', async () => {
  await using control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  await control.deps.db.insertInto('users').values({ email: 'invited@x.test', name: 'I' }).execute();
  const wrong = await signIn(control, 'a@x.test', 'wrong');
  expect(codeOf(wrong)).toBe('wrong-credentials');
  expect((await signIn(control, 'nobody@x.test', 'wrong')).text).toBe(wrong.text);
  expect((await signIn(control, 'invited@x.test', '')).status).toBe(400);
  expect((await signIn(control, 'invited@x.test', 'wrong')).text).toBe(wrong.text);
});

test('USR-2: an address without an account costs as much work as one with', async () => {
  await using control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const best = async (email: string) => {
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const start = performance.now();
      await signIn(control, email, 'wrong');
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const known = await best('a@x.test');
  // Without the decoy it takes a twentieth.
  expect(await best('nobody@x.test')).toBeGreaterThan(known / 3);
});

test('USR-2: attempts are throttled per account and source, and nobody elsewhere is locked out', async () => {
  await using control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  for (let attempt = 0; attempt < 10; attempt += 1) await signIn(control, 'a@x.test', 'wrong');
  const refused = await signIn(control, 'A@x.test', PASSWORD);
  expect(codeOf(refused)).toBe('too-many-attempts');
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(900);
  // An address without an account is throttled alike.
  for (let attempt = 0; attempt < 10; attempt += 1) await signIn(control, 'nobody@x.test', 'wrong');
  expect(codeOf(await signIn(control, 'nobody@x.test', 'wrong'))).toBe('too-many-attempts');
  expect((await signIn(control, 'a@x.test', PASSWORD, '192.0.2.2')).status).toBe(201);
  control.advance(HOUR / 4);
  expect((await signIn(control, 'a@x.test', PASSWORD)).status).toBe(201);
});

test('signing in rightly does not count as an attempt', async () => {
  await using control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  for (let attempt = 0; attempt < 12; attempt += 1) {
    expect((await signIn(control, 'a@x.test', PASSWORD)).status).toBe(201);
  }
});

test('USR-2: guessers elsewhere, however many, lock out neither a device nor a network that the person signed in with', async () => {
  await using control = await testControl();
  await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  expect((await signIn(control, 'a@x.test', PASSWORD, '192.0.2.7')).status).toBe(201);
  const headers = { 'x-parkway': '1', 'sec-fetch-site': 'same-origin' };
  const body = { email: 'a@x.test', password: PASSWORD, cookie: true };
  const browser = (remoteAddress: string, more: object = {}) =>
    control.call(undefined, 'POST', '/sessions', body, { remoteAddress, headers: { ...headers, ...more } });
  const device = [(await browser('192.0.2.8')).headers['set-cookie']].flat().map((one) => one?.split(';')[0]);
  for (let attempt = 0; attempt < 60; attempt += 1) {
    await signIn(control, 'a@x.test', 'wrong', `198.51.100.${1 + (attempt % 20)}`);
  }
  // From anywhere new it has to wait, as it would for an address without an account.
  expect(codeOf(await signIn(control, 'a@x.test', PASSWORD, '203.0.113.1'))).toBe('too-many-attempts');
  expect((await signIn(control, 'a@x.test', PASSWORD, '192.0.2.7')).status).toBe(201);
  expect((await browser('203.0.113.2', { cookie: device.join('; ') })).status).toBe(201);
});

test('USR-1: one sees one’s live sessions with device and source, ends one, and ends all others', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const more = { remoteAddress: '192.0.2.9', headers: { 'user-agent': agent } };
  control.advance(1000);
  const body = { email: 'a@x.test', password: PASSWORD };
  const second = (await control.call<NewSession>(undefined, 'POST', '/sessions', body, more)).json;
  const list = async () =>
    (await control.call<{ items: { id: string; current: boolean }[] }>(person, 'GET', '/sessions?limit=10')).json.items;
  const [latest, own] = await list();
  expect(latest).toMatchObject({
    current: false,
    browser: false,
    device: { client: 'Firefox', system: 'Windows' },
    source: '192.0.2.9',
    place: null,
  });
  expect(own?.current).toBe(true);
  expect((await control.call(person, 'DELETE', `/sessions/${latest?.id}`)).status).toBe(204);
  expect(codeOf(await control.call(second, 'GET', '/me'))).toBe('not-signed-in');
  const third = (await signIn(control, 'a@x.test', PASSWORD)).json;
  expect((await control.call(person, 'DELETE', '/sessions')).status).toBe(204);
  expect(codeOf(await control.call(third, 'GET', '/me'))).toBe('not-signed-in');
  expect((await list()).map(({ id }) => id)).toEqual([own?.id]);
  control.advance(73 * HOUR);
  expect(codeOf(await control.call(person, 'GET', '/me'))).toBe('not-signed-in');
});
