import { generateSync } from 'otplib';
import { expect, test } from 'vitest';
import { type Person, type TestControl, codeOf, testControl } from '../../../test/control/app.ts';
import { hashPassword } from '../password.ts';

const PASSWORD = 'correct horse battery';
const STEP = 30_000;

interface SignedIn {
  readonly token: string;
  readonly challenge: string;
}

/** Somebody with an account, and a phone that makes codes once it has the secret. */
async function world() {
  const control = await testControl();
  const person = await control.person('a@x.test', { passwordHash: await hashPassword(PASSWORD) });
  const call = <T = unknown>(path: string, body: object, who: Pick<Person, 'token'> | undefined = person) =>
    control.call<T>(who, 'POST', path, body);
  const code = (secret: string, aheadMs = 0) =>
    generateSync({ secret, epoch: Math.floor((control.deps.clock.now() + aheadMs) / 1000) });
  return {
    control,
    person,
    call,
    code,
    signIn: () => call<SignedIn>('/sessions', { email: 'a@x.test', password: PASSWORD }, undefined),
    pass: (challenge: string, typed: string) =>
      control.call<SignedIn>(undefined, 'POST', '/sessions/challenge', { challenge, code: typed }),
    /** Sets the second factor up and moves on to the next code. */
    setUp: async (proof: object = {}) => {
      const { json } = await call<{ secret: string }>('/me/second-factor/setup', proof);
      const made = await call<{ recoveryCode: string }>('/me/second-factor/confirm', { code: code(json.secret) });
      control.advance(STEP);
      return { secret: json.secret, recoveryCode: made.json.recoveryCode };
    },
    factor: async (who: Pick<Person, 'token'> = person) =>
      (await control.call<{ secondFactor: string }>(who, 'GET', '/me')).json.secondFactor,
    [Symbol.asyncDispose]: () => control[Symbol.asyncDispose](),
  };
}

async function contents({ deps: { db } }: TestControl): Promise<string> {
  return JSON.stringify([
    await db.selectFrom('second_factors').selectAll().execute(),
    await db.selectFrom('second_factor_setups').selectAll().execute(),
    await db.selectFrom('sign_in_challenges').selectAll().execute(),
  ]);
}

test('USR-1: a second factor is in force after its first code only, and its secrets are not in the database', async () => {
  await using w = await world();
  const setup = await w.call<{ secret: string; uri: string }>('/me/second-factor/setup', {});
  expect(setup.status).toBe(201);
  const { secret, uri } = setup.json;
  expect(uri).toMatch(new RegExp(`^otpauth://totp/Parkway:a%40x\\.test\\?secret=${secret}&issuer=Parkway`));
  expect(await contents(w.control)).not.toContain(secret);
  expect((await w.signIn()).status).toBe(201);
  expect(codeOf(await w.call('/me/second-factor/confirm', { code: '000000' }))).toBe('wrong-code');
  expect(await w.factor()).toBe('off');
  const made = await w.call<{ recoveryCode: string }>('/me/second-factor/confirm', { code: w.code(secret) });
  expect(made.json.recoveryCode).toMatch(/^(\w{6}-){3}\w{6}$/);
  expect(await w.factor()).toBe('on');
  expect(await contents(w.control)).not.toContain(secret);
  expect(codeOf(await w.call('/me/second-factor/confirm', { code: w.code(secret) }))).toBe('second-factor-state');
});

test('USR-1: from then on every sign-in takes a code, each code once, and an old session is over', async () => {
  await using w = await world();
  const other = (await w.signIn()).json;
  const { secret } = await w.setUp();
  expect(codeOf(await w.control.call(other, 'GET', '/me'))).toBe('not-signed-in');
  const due = await w.signIn();
  expect([due.status, Object.keys(due.json)]).toEqual([202, ['challenge', 'expiresAt']]);
  expect(codeOf(await w.control.call({ token: due.json.challenge }, 'GET', '/me'))).toBe('not-signed-in');
  expect(await contents(w.control)).not.toContain(due.json.challenge);
  const typed = w.code(secret);
  const opened = await w.pass(due.json.challenge, `${typed.slice(0, 3)} ${typed.slice(3)}`);
  expect(opened.status).toBe(201);
  expect((await w.control.call(opened.json, 'GET', '/me')).json).toMatchObject({ via: { secondFactor: 'code' } });
  const again = (await w.signIn()).json.challenge;
  expect(codeOf(await w.pass(again, typed))).toBe('wrong-code');
  expect(codeOf(await w.pass(due.json.challenge, w.code(secret, STEP)))).toBe('challenge-invalid');
  w.control.advance(STEP);
  expect((await w.pass(again, w.code(secret))).status).toBe(201);
});

test('USR-1: of many who send the same code at once, one gets in', async () => {
  await using w = await world();
  const { secret } = await w.setUp();
  const challenges = await Promise.all([1, 2, 3, 4].map(async () => (await w.signIn()).json.challenge));
  const typed = w.code(secret);
  const answers = await Promise.all(challenges.map((challenge) => w.pass(challenge, typed)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
});

test('USR-2: a challenge takes five codes within five minutes', async () => {
  await using w = await world();
  const { secret } = await w.setUp();
  const { challenge } = (await w.signIn()).json;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    expect(codeOf(await w.pass(challenge, '000000'))).toBe('wrong-code');
  }
  expect(codeOf(await w.pass(challenge, w.code(secret)))).toBe('challenge-invalid');
  expect(codeOf(await w.pass('pwc_unknown', '000000'))).toBe('challenge-invalid');
  const late = (await w.signIn()).json.challenge;
  w.control.advance(5 * 60_000 + 1);
  expect(codeOf(await w.pass(late, w.code(secret)))).toBe('challenge-invalid');
});

test('USR-1: the recovery code signs in once, and the second factor is off until it is set up anew', async () => {
  await using w = await world();
  const { recoveryCode } = await w.setUp();
  expect(await contents(w.control)).not.toContain(recoveryCode);
  const { challenge } = (await w.signIn()).json;
  const opened = await w.pass(challenge, recoveryCode.toLowerCase().replaceAll('-', ' '));
  expect(opened.status).toBe(201);
  expect(await w.factor(opened.json)).toBe('setup-recommended');
  expect((await w.signIn()).status).toBe(201);
  const again = await w.setUp({ password: PASSWORD });
  expect(codeOf(await w.pass((await w.signIn()).json.challenge, recoveryCode))).toBe('wrong-code');
  expect(again.recoveryCode).not.toBe(recoveryCode);
});

test('USR-1: turning off and replacing take the password and a code; the former one holds until the new one is confirmed', async () => {
  await using w = await world();
  const { secret } = await w.setUp();
  for (const path of ['/me/second-factor/off', '/me/second-factor/setup']) {
    expect(codeOf(await w.call(path, { code: w.code(secret) }))).toBe('wrong-password');
    expect(codeOf(await w.call(path, { password: 'wrong', code: w.code(secret) }))).toBe('wrong-password');
    expect(codeOf(await w.call(path, { password: PASSWORD }))).toBe('wrong-code');
  }
  const proof = () => ({ password: PASSWORD, code: w.code(secret) });
  const next = await w.call<{ secret: string }>('/me/second-factor/setup', proof());
  w.control.advance(STEP);
  expect((await w.pass((await w.signIn()).json.challenge, w.code(secret))).status).toBe(201);
  expect((await w.call('/me/second-factor/confirm', { code: w.code(next.json.secret) })).status).toBe(201);
  w.control.advance(STEP);
  expect(codeOf(await w.pass((await w.signIn()).json.challenge, w.code(secret)))).toBe('wrong-code');
  const off = { password: PASSWORD, code: w.code(next.json.secret) };
  expect((await w.call('/me/second-factor/off', off)).status).toBe(204);
  expect((await w.signIn()).status).toBe(201);
  expect(codeOf(await w.call('/me/second-factor/off', off))).toBe('second-factor-state');
});

test('USR-1: a first setup takes the password too when signing in was a while ago, and no API token sets one up', async () => {
  await using w = await world();
  const api = await w.call<{ token: string }>('/tokens', { name: 't', scopes: ['manage'] });
  expect(codeOf(await w.call('/me/second-factor/setup', {}, api.json))).toBe('not-allowed');
  w.control.advance(11 * 60_000);
  expect(codeOf(await w.call('/me/second-factor/setup', {}))).toBe('wrong-password');
  expect((await w.call('/me/second-factor/setup', { password: PASSWORD })).status).toBe(201);
  w.control.advance(16 * 60_000);
  expect(codeOf(await w.call('/me/second-factor/confirm', { code: '000000' }))).toBe('second-factor-state');
});
