import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type TestControl, codeOf, testControl } from '../../../test/control/app.ts';
import type { RouteEntry } from './app.ts';

/** Routes that nobody has to sign in for. A new one is a decision: add it here, with the reason. */
const PUBLIC = {
  'GET /healthz': 'asked by supervisors',
  'GET /readyz': 'asked by load balancers',
  'GET /api/v1/openapi.json': 'says nothing of this installation but its address',
  'POST /api/v1/sessions': 'is how one signs in',
  'POST /api/v1/sessions/challenge': 'is how one finishes signing in',
  'GET /api/v1/sign-in-methods': 'says what the sign-in page offers',
  'GET /api/v1/oidc/start': 'is how one signs in with the provider',
  'GET /api/v1/oidc/callback': 'is how one comes back from it',
  'POST /api/v1/password-resets': 'is for who cannot sign in; every address gets the same answer',
  'POST /api/v1/password-resets/accept': 'takes the token of a link',
  'POST /api/v1/invitations/accept': 'takes an invitation token',
  'POST /api/v1/enroll': 'takes an enrolment token',
};

function nameOf({ method, url }: RouteEntry): string {
  return `${method} ${url}`;
}

/** Calls a route with ids of nothing and no body. */
async function probe({ app }: TestControl, { method, url }: RouteEntry, token?: string) {
  const path = url.replace(':revision', '1').replaceAll(/:\w+/g, '01234567-89ab-4def-8123-456789abcdef');
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await app.inject({ method, url: path, headers, payloadAsStream: true });
  // A stream of events has no end of its own.
  if (answer.headers['content-type']?.toString().startsWith('text/event-stream') === true) {
    answer.stream().destroy();
    return { status: answer.statusCode, headers: answer.headers, json: null, text: '' };
  }
  const body = await text(answer.stream());
  return {
    status: answer.statusCode,
    headers: answer.headers,
    json: body === '' ? null : JSON.parse(body),
    text: '',
  };
}

test('without a token every route says not-signed-in, but for the public ones', async () => {
  await using control = await testControl();
  const open: string[] = [];
  for (const route of control.app.routeTable) {
    const { status, headers, json } = await probe(control, route);
    const isRefused = status === 401 && headers['www-authenticate'] === 'Bearer';
    if (!isRefused || codeOf({ status, headers, json, text: '' }) !== 'not-signed-in') open.push(nameOf(route));
  }
  expect(open.toSorted()).toEqual(Object.keys(PUBLIC).toSorted());
});

test('a token that nobody has, and one of another kind, is no token', async () => {
  await using control = await testControl();
  const closed = control.app.routeTable.filter((route) => !(nameOf(route) in PUBLIC));
  for (const route of closed) {
    for (const token of ['pws_no', 'pwt_no', 'pwe_no', 'no']) {
      expect(codeOf(await probe(control, route, token))).toBe('not-signed-in');
    }
  }
});

test('ACC-8: every route asks for a scope, but for those that tell a token about itself', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const tokens = new Map<string, string>();
  for (const scope of ['read', 'routes', 'manage', 'platform']) {
    const made = await control.call<{ token: string }>(person, 'POST', '/tokens', { name: scope, scopes: [scope] });
    tokens.set(scope, made.json.token);
  }
  const free: string[] = [];
  for (const route of control.app.routeTable) {
    if (nameOf(route) in PUBLIC) continue;
    const other = route.access === 'routes' ? 'manage' : 'routes';
    if (codeOf(await probe(control, route, tokens.get(other))) !== 'scope-missing') free.push(nameOf(route));
  }
  expect(free).toEqual([
    'DELETE /api/v1/sessions/current',
    'GET /api/v1/me',
    'GET /api/v1/revisions/:revision',
    'GET /api/v1/events',
    // For each kind of change the scope of the change itself.
    'POST /api/v1/previews',
  ]);
});

test('ACC-7: nobody but platform administrators uses what is below /platform', async () => {
  await using control = await testControl();
  const person = await control.person('a@x.test');
  const below = control.app.routeTable.filter(({ url }) => url.includes('/platform/'));
  expect(below.length).toBeGreaterThan(8);
  for (const route of below) expect(codeOf(await probe(control, route, person.token))).toBe('not-allowed');
});
