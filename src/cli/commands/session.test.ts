import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reply, type Stub, problem, startStub } from '../stub.ts';

const user = { id: '5d0a2c1e-8f3b-4d57-9b6e-0c1f2a3b4c5d', email: 'operator@sunfield.test', name: 'Op' };
const opened = { token: 'the-session', expiresAt: '2026-11-21T12:00:00.000Z', user };

let stub: Stub;
let remove: () => Reply;

beforeEach(async () => {
  remove = () => ({});
  stub = await startStub({
    'POST /sessions': ({ text }) =>
      text.includes('with a phone')
        ? { status: 202, body: { challenge: 'the-challenge', expiresAt: opened.expiresAt } }
        : text.includes('secret word')
          ? { status: 201, body: opened }
          : problem('wrong-credentials', 'Try again.'),
    'POST /sessions/challenge': ({ text }) =>
      text.includes('123456') ? { status: 201, body: opened } : problem('wrong-code', 'Try the next one.'),
    'POST /invitations/accept': () => ({ status: 201, body: opened }),
    'DELETE /sessions/current': () => remove(),
    'GET /me': () => ({ body: { user, platformAdministrator: false, memberships: [], scopes: null } }),
  });
});
afterEach(() => stub.close());

const file = () => join(stub.folder, 'parkway', 'credentials.json');
const login = () =>
  stub.call(['login', '--url', stub.url, '--email', user.email], { answers: ['secret word'], signedOut: true });

describe('parkway login', () => {
  it('asks for the password, and remembers the session for this user alone', async () => {
    const call = await login();
    expect(call).toMatchObject({ exit: 0 });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ url: stub.url, token: 'the-session' });
    expect(call.out + call.err).not.toMatch(/the-session|secret word/);
    expect(await stub.call(['whoami'], { signedOut: true })).toMatchObject({ exit: 0 });
    expect(stub.asked.at(-1)?.headers.authorization).toBe('Bearer the-session');
  });

  it('reads the password from standard input', async () => {
    const words = ['login', '--url', stub.url, '--email', user.email, '--password-stdin'];
    expect(await stub.call(words, { input: 'secret word\n', signedOut: true })).toMatchObject({ exit: 0 });
    expect(JSON.parse(stub.asked[0]?.text ?? '')).toEqual({ email: user.email, password: 'secret word' });
  });

  it('remembers nothing when the password is wrong', async () => {
    const call = await stub.call(['login', '--url', stub.url, '--email', 'a@b.test'], {
      answers: ['x'],
      signedOut: true,
    });
    expect(call).toMatchObject({ exit: 1 });
    expect(existsSync(file())).toBe(false);
  });

  it('asks for the code where a second factor is in force, or reads it (USR-1)', async () => {
    const words = ['login', '--url', stub.url, '--email', user.email];
    const asked = await stub.call(words, { answers: ['with a phone', '123456'], signedOut: true });
    expect(asked).toMatchObject({ exit: 0 });
    expect(JSON.parse(stub.asked.at(-1)?.text ?? '')).toEqual({ challenge: 'the-challenge', code: '123456' });
    const input = 'with a phone\n123456\n';
    expect(await stub.call([...words, '--code-stdin'], { input, signedOut: true })).toMatchObject({ exit: 0 });
    const wrong = await stub.call(words, { answers: ['with a phone', '000000'], signedOut: true });
    expect(wrong).toMatchObject({ exit: 1 });
    expect(wrong.err).toContain('wrong-code');
  });

  it('is wrong usage where nobody can be asked', async () => {
    expect(await stub.call(['login', '--url', stub.url], { signedOut: true })).toMatchObject({ exit: 2 });
    expect(await stub.call(['login', '--url', 'file:///etc/passwd'], { signedOut: true })).toMatchObject({ exit: 2 });
  });
});

describe('a remembered session', () => {
  it('is shown to no other server', async () => {
    await login();
    const other = await startStub({});
    try {
      await stub.call(['whoami'], { signedOut: true, url: other.url });
      expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    } finally {
      await other.close();
    }
  });
});

describe('parkway join', () => {
  it('takes the invitation and the password from standard input', async () => {
    const call = await stub.call(['join', '--url', stub.url, '--stdin'], {
      input: 'the-invitation\nmy password!\n',
      signedOut: true,
    });
    expect(call).toMatchObject({ exit: 0 });
    expect(JSON.parse(stub.asked[0]?.text ?? '')).toEqual({ token: 'the-invitation', password: 'my password!' });
  });
});

describe('parkway logout', () => {
  it('ends the session on the server, then forgets it', async () => {
    await login();
    expect(await stub.call(['logout'], { signedOut: true })).toMatchObject({ exit: 0 });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/sessions/current' });
    expect(existsSync(file())).toBe(false);
    expect(await stub.call(['logout'], { signedOut: true })).toMatchObject({ exit: 2 });
  });

  it('forgets a session that had ended by itself, and keeps one that the server could not end', async () => {
    await login();
    remove = () => 'break';
    expect(await stub.call(['logout'], { signedOut: true })).toMatchObject({ exit: 3 });
    expect(existsSync(file())).toBe(true);
    remove = () => problem('not-signed-in', 'It has expired.');
    expect(await stub.call(['logout'], { signedOut: true })).toMatchObject({ exit: 0 });
    expect(existsSync(file())).toBe(false);
  });
});
