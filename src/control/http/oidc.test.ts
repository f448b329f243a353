import type { LightMyRequestResponse } from 'fastify';
import { expect, test } from 'vitest';
import { codeOf, type Person, testControl } from '../../../test/control/app.ts';
import { type ProviderAccount, testProvider } from '../../../test/control/provider.ts';
import { seal, unseal } from '../../store/sealing.ts';
import { CALLBACK_PATH, openOidc } from '../oidc.ts';
import type { OidcConfig } from '../config.ts';
import { buildApp } from './app.ts';

const FLOW = '__Host-parkway-oidc';
const ADA: ProviderAccount = { subject: 'ada-1', email: 'Ada@sunfield.test', emailVerified: true };

/** Control with a real provider, and a browser. */
async function world(options: Partial<Pick<OidcConfig, 'domains' | 'secondFactor'>> = {}) {
  const control = await testControl();
  const redirect = `${control.deps.publicUrl}${CALLBACK_PATH}`;
  const provider = await testProvider(redirect);
  const { issuer, clientId, clientSecret } = provider;
  const config = { issuer, clientId, clientSecretFile: '', name: 'Sunfield ID' };
  const oidc = openOidc({ domains: [], secondFactor: 'unless-mfa', ...config, ...options }, clientSecret, redirect);
  const app = await buildApp({ ...control.deps, oidc });

  const get = (url: string, cookie = '') => app.inject({ method: 'GET', url, headers: { cookie } });
  const begin = async (path = '/') => {
    const answer = await get(`/api/v1/oidc/start?return=${encodeURIComponent(path)}`);
    return { url: String(answer.headers.location), cookie: cookieOf(answer, FLOW) };
  };
  const back = async ({ pathname, search }: URL, cookie: string) => get(`${pathname}${search}`, `${FLOW}=${cookie}`);
  return {
    ...control,
    app,
    provider,
    get,
    begin,
    back,
    /** The whole way. */
    signIn: async (account: ProviderAccount, path = '/') => {
      const { url, cookie } = await begin(path);
      return back(await provider.signIn(url, account), cookie);
    },
    me: async (answer: LightMyRequestResponse) => {
      const me = await get('/api/v1/me', `__Host-parkway=${cookieOf(answer, '__Host-parkway')}`);
      return me.json<{ user?: { email: string } }>().user?.email;
    },
    link: async (who: Person, account: ProviderAccount) => {
      const headers = { authorization: `Bearer ${who.token}` };
      const payload = { return: '/profile?tab=sign-in' };
      const answer = await app.inject({ method: 'POST', url: '/api/v1/me/identities', headers, payload });
      const { url } = answer.json<{ url: string }>();
      return back(await provider.signIn(url, account), cookieOf(answer, FLOW));
    },
    as: (who: Person, method: 'GET' | 'DELETE', path: string) =>
      app.inject({ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${who.token}` } }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await provider[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
    },
  };
}

function cookieOf(answer: LightMyRequestResponse, name: string): string {
  return answer.cookies.find((cookie) => cookie.name === name)?.value ?? '';
}

function failure(answer: LightMyRequestResponse): string {
  expect(answer.statusCode).toBe(303);
  expect(cookieOf(answer, '__Host-parkway')).toBe('');
  return String(answer.headers.location);
}

test('USR-1: an account is signed in to by its verified address, then by its identity, and comes back to where it was', async () => {
  await using here = await world();
  await here.person('ada@sunfield.test');
  const first = await here.signIn(ADA, '/plants/1?tab=devices');
  expect([first.statusCode, first.headers.location]).toEqual([303, '/plants/1?tab=devices']);
  expect(await here.me(first)).toBe('ada@sunfield.test');
  const session = first.cookies.find(({ name }) => name === '__Host-parkway');
  expect(session).toMatchObject({ path: '/', secure: true, httpOnly: true, sameSite: 'Strict' });
  expect(first.headers['cache-control']).toBe('no-store');
  // The address is another one now; who it is counts.
  const again = await here.signIn({ ...ADA, email: 'changed@elsewhere.test', emailVerified: false });
  expect(await here.me(again)).toBe('ada@sunfield.test');
});

test('USR-1: the provider is asked with PKCE S256, state and nonce; the cookie of the flow is sealed and short-lived', async () => {
  await using here = await world();
  const answer = await here.get('/api/v1/oidc/start');
  const url = new URL(String(answer.headers.location));
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    client_id: 'parkway',
    redirect_uri: 'https://parkway.test/api/v1/oidc/callback',
  });
  for (const name of ['state', 'nonce', 'code_challenge'])
    expect(url.searchParams.get(name)?.length).toBeGreaterThan(40);
  const cookie = answer.cookies.find(({ name }) => name === FLOW);
  expect(cookie).toMatchObject({ path: '/', secure: true, httpOnly: true, sameSite: 'Lax', maxAge: 600 });
  expect(Buffer.from(cookie?.value ?? '', 'base64').toString('latin1')).not.toContain('verifier');
});

test('USR-1: nobody is let in whom no account is meant for, and all of them get one answer', async () => {
  await using here = await world();
  await here.person('ada@sunfield.test');
  const gone = await here.person('gone@sunfield.test');
  const unknown = '/sign-in?error=no-account';
  expect(failure(await here.signIn({ ...ADA, emailVerified: false }))).toBe(unknown);
  expect(failure(await here.signIn({ subject: 'no-email' }))).toBe(unknown);
  expect(failure(await here.signIn({ subject: 's', email: 'stranger@x.test', emailVerified: true }))).toBe(unknown);
  const gustav = { subject: 'gone-1', email: 'gone@sunfield.test', emailVerified: true };
  expect(await here.me(await here.signIn(gustav))).toBe('gone@sunfield.test');
  expect((await here.as(gone, 'DELETE', `/users/${gone.id}`)).statusCode).toBe(204);
  expect(failure(await here.signIn(gustav))).toBe(unknown);
  const { count } = await here.deps.db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect(count).toBe(2);
});

test('USR-1: once linked, another subject with the same verified address is not let in', async () => {
  await using here = await world();
  await here.person('ada@sunfield.test');
  expect(await here.me(await here.signIn(ADA))).toBe('ada@sunfield.test');
  expect(failure(await here.signIn({ ...ADA, subject: 'ada-2' }))).toBe('/sign-in?error=no-account');
});

test('USR-1: where domains are configured, others do not count', async () => {
  await using here = await world({ domains: ['sunfield.test'] });
  await here.person('ada@sunfield.test');
  await here.person('eve@elsewhere.test');
  const eve = { subject: 'eve', email: 'eve@elsewhere.test', emailVerified: true };
  expect(failure(await here.signIn(eve))).toBe('/sign-in?error=no-account');
  expect(await here.me(await here.signIn(ADA))).toBe('ada@sunfield.test');
});

test.each(['verifier', 'nonce', 'state'] as const)('USR-1: a wrong %s is refused', async (name) => {
  await using here = await world();
  await here.person('ada@sunfield.test');
  const { url, cookie } = await here.begin();
  const flow = JSON.parse(unseal(here.deps.masterKey, 'oidc-flow', decodeURIComponent(cookie)).toString());
  flow.secrets[name] = 'w'.repeat(43);
  const forged = seal(here.deps.masterKey, 'oidc-flow', Buffer.from(JSON.stringify(flow)));
  const answer = await here.back(await here.provider.signIn(url, ADA), encodeURIComponent(forged));
  expect(failure(answer)).toBe('/sign-in?error=provider-failed');
});

test('USR-1: an answer counts once, in the browser that asked, within ten minutes', async () => {
  await using here = await world();
  await here.person('ada@sunfield.test');
  const { url, cookie } = await here.begin();
  const answer = await here.provider.signIn(url, ADA);
  expect(failure(await here.get(`${answer.pathname}${answer.search}`))).toBe('/sign-in?error=provider-expired');
  expect(failure(await here.back(answer, cookie.split('').toReversed().join('')))).toBe(
    '/sign-in?error=provider-expired',
  );
  const first = await here.back(answer, cookie);
  expect(await here.me(first)).toBe('ada@sunfield.test');
  expect(first.cookies.find(({ name }) => name === FLOW)?.value).toBe('');
  expect(failure(await here.back(answer, cookie))).toBe('/sign-in?error=provider-failed');
  const late = await here.begin();
  const answered = await here.provider.signIn(late.url, ADA);
  here.advance(11 * 60 * 1000);
  expect(failure(await here.back(answered, late.cookie))).toBe('/sign-in?error=provider-expired');
});

test.each([
  ['unless-mfa', ['pwd'], true],
  ['unless-mfa', undefined, true],
  ['unless-mfa', ['pwd', 'mfa'], false],
  ['always', ['pwd', 'mfa'], true],
  ['never', ['pwd'], false],
] as const)(
  'USR-1: where the second factor is asked for %s, and the provider asked for %j, it is asked for: %s',
  async (secondFactor, amr, asked) => {
    await using here = await world({ secondFactor });
    const { id } = await here.person('ada@sunfield.test');
    await here.deps.db
      .insertInto('second_factors')
      .values({ user_id: id, sealed_secret: '', last_step: 0, recovery_hash: Buffer.alloc(32) })
      .execute();
    const answer = await here.signIn({ ...ADA, ...(amr === undefined ? {} : { amr }) }, '/plants?x=1');
    const challenge = /^\/sign-in\?return=%2Fplants%3Fx%3D1#challenge=\S{40,}$/;
    expect(String(answer.headers.location)).toMatch(asked ? challenge : /^\/plants\?x=1$/);
    expect(await here.me(answer)).toBe(asked ? undefined : 'ada@sunfield.test');
  },
);

test('USR-1: whoever refuses at the provider, and a provider that is away, are told apart', async () => {
  await using here = await world();
  const { url, cookie } = await here.begin();
  expect(failure(await here.back(await here.provider.refuse(url), cookie))).toBe('/sign-in?error=provider-denied');
  const gone: OidcConfig = {
    issuer: 'http://127.0.0.1:1',
    clientId: 'x',
    clientSecretFile: '',
    name: 'Gone',
    domains: [],
    secondFactor: 'always',
  };
  const app = await buildApp({ ...here.deps, oidc: openOidc(gone, 'x', 'https://parkway.test/x') });
  const answer = await app.inject({ method: 'GET', url: '/api/v1/oidc/start' });
  expect(failure(answer)).toBe('/sign-in?error=provider-unavailable');
  await app.close();
});

test.each(['//evil.test', 'https://evil.test', '/\\evil.test', '/\tx', '/%0a\n', 'plants', '/a\\b'])(
  'the app is not left by return=%j',
  async (path) => {
    await using here = await world();
    const answer = await here.get(`/api/v1/oidc/start?return=${encodeURIComponent(path)}`);
    expect([answer.statusCode, answer.headers.location]).toEqual([400, undefined]);
  },
);

test('USR-1: a profile is linked to an identity of any address, which then signs in; it is unlinked again', async () => {
  await using here = await world();
  const ada = await here.person('ada@sunfield.test');
  const eve = await here.person('eve@sunfield.test');
  const private1 = { subject: 'p-1', email: 'ada@private.test', emailVerified: false };
  expect((await here.link(ada, private1)).headers.location).toBe('/profile?tab=sign-in');
  expect(await here.me(await here.signIn(private1))).toBe('ada@sunfield.test');
  // Somebody else's, and a second one.
  for (const [who, account] of [[eve, private1] as const, [ada, { ...private1, subject: 'p-2' }] as const])
    expect((await here.link(who, account)).headers.location).toBe('/profile?tab=sign-in&error=not-linked');
  const listed = (await here.as(ada, 'GET', '/me/identities')).json<{ items: { id: string }[] }>();
  expect(listed.items).toMatchObject([{ provider: 'Sunfield ID', email: 'ada@private.test' }]);
  const path = `/me/identities/${listed.items[0]?.id}`;
  expect((await here.as(eve, 'DELETE', path)).statusCode).toBe(404);
  expect((await here.as(ada, 'DELETE', path)).statusCode).toBe(204);
  expect(failure(await here.signIn(private1))).toBe('/sign-in?error=no-account');
  const events = here.deps.db.selectFrom('account_events').select('kind').where('user_id', '=', ada.id).orderBy('id');
  expect((await events.execute()).map(({ kind }) => kind)).toEqual(['identity-linked', 'identity-unlinked']);
});

test('USR-1: an identity that is the only way in is not unlinked, and a session that ended links nothing', async () => {
  await using here = await world();
  const ada = await here.person('ada@sunfield.test');
  await here.signIn(ADA);
  await here.deps.db.updateTable('users').set({ password_hash: null }).where('id', '=', ada.id).execute();
  const [identity] = (await here.as(ada, 'GET', '/me/identities')).json<{ items: { id: string }[] }>().items;
  const refused = await here.as(ada, 'DELETE', `/me/identities/${identity?.id}`);
  expect(refused.json<{ code: string }>().code).toBe('identity-needed');
  const eve = await here.person('eve@sunfield.test');
  const headers = { authorization: `Bearer ${eve.token}` };
  const begun = await here.app.inject({ method: 'POST', url: '/api/v1/me/identities', headers, payload: {} });
  await here.as(eve, 'DELETE', '/sessions/current');
  const answer = await here.provider.signIn(begun.json<{ url: string }>().url, { subject: 'eve' });
  expect((await here.back(answer, cookieOf(begun, FLOW))).headers.location).toBe('/?error=not-linked');
});

test('USR-1: the sign-in page is told what there is; without a provider there is none to go to', async () => {
  await using here = await world();
  expect((await here.get('/api/v1/sign-in-methods')).json()).toEqual({ password: true, oidc: { name: 'Sunfield ID' } });
  expect((await here.call(undefined, 'GET', '/sign-in-methods')).json).toEqual({ password: true, oidc: null });
  const person = await here.person('a@x.test');
  expect(codeOf(await here.call(person, 'POST', '/me/identities', {}))).toBe('not-found');
});
