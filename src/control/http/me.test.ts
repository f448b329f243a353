import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { tenants } from '../../../test/control/tenants.ts';

test('ACC-9: a deleted user’s sessions, tokens, certificate and reach end at once; the account’s row stays', async () => {
  await using world = await tenants();
  const { control, holders, root } = world;
  const { operator } = holders;
  await world.certify(operator);
  const made = await control.call<{ token: string }>(operator, 'POST', '/tokens', { name: 't', scopes: ['read'] });
  expect(await world.reachOf(operator)).toEqual(['Alpha']);
  const deleted = await control.call(root, 'DELETE', `/users/${operator.id}`);
  expect(deleted.status).toBe(204);
  expect(Number(deleted.headers['parkway-revision'])).toBeGreaterThan(0);
  expect(codeOf(await control.call(operator, 'GET', '/me'))).toBe('not-signed-in');
  expect(codeOf(await control.call(made.json, 'GET', '/me'))).toBe('not-signed-in');
  expect(await world.reachOf(operator)).toEqual([]);
  const { db } = control.deps;
  expect(await db.selectFrom('certificates').where('user_id', '=', operator.id).selectAll().execute()).toEqual([]);
  const row = await db.selectFrom('users').select('deleted_at').where('id', '=', operator.id).executeTakeFirst();
  expect(row?.deleted_at).toBeInstanceOf(Date);
  expect(codeOf(await control.call(root, 'DELETE', `/users/${operator.id}`))).toBe('not-found');
});

test('one deletes oneself; nobody but a platform administrator deletes others', async () => {
  await using world = await tenants();
  const { control, holders, staff } = world;
  const path = `/users/${holders.viewer.id}`;
  const refused = await control.call(staff.administrator, 'DELETE', path);
  expect(refused.text).toBe((await control.call(staff.administrator, 'DELETE', `/users/${crypto.randomUUID()}`)).text);
  expect(codeOf(refused)).toBe('not-found');
  expect((await control.call(holders.viewer, 'DELETE', path)).status).toBe(204);
});

test('the only Administrator of an organization, or of the installation, cannot be deleted', async () => {
  await using world = await tenants();
  const { control, stranger, root } = world;
  const before = await world.everything();
  expect(codeOf(await control.call(stranger, 'DELETE', `/users/${stranger.id}`))).toBe('last-administrator');
  expect(codeOf(await control.call(root, 'DELETE', `/users/${root.id}`))).toBe('last-administrator');
  expect(await world.everything()).toBe(before);
});

test('/me tells who one is, and as what', async () => {
  await using world = await tenants();
  const { control, staff, sunfield, root } = world;
  expect((await control.call(staff.moderator, 'GET', '/me')).json).toEqual({
    user: { id: staff.moderator.id, email: 'moderator@x.test', name: 'moderator@x.test' },
    platformAdministrator: false,
    memberships: [{ organizationId: sunfield, organizationName: 'Sunfield', role: 'moderator' }],
    hasPassword: true,
    secondFactor: 'setup-recommended',
    via: {
      kind: 'session',
      id: expect.any(String),
      browser: false,
      secondFactor: 'none',
      idleUntil: expect.any(String),
      expiresAt: expect.any(String),
    },
    preferences: { language: null, theme: 'system', timeZone: null, density: 'comfortable' },
    scopes: null,
  });
  expect((await control.call(staff.guest, 'GET', '/me')).json).toMatchObject({ secondFactor: 'off' });
  expect((await control.call(root, 'GET', '/me')).json).toMatchObject({ platformAdministrator: true, memberships: [] });
});

test('one’s name and preferences are one’s own to change, piece by piece', async () => {
  await using world = await tenants();
  const { control, staff } = world;
  const change = (path: string, body: object) => control.call(staff.guest, 'PATCH', path, body);
  expect((await change('/me', { name: ' Ada ' })).json).toMatchObject({ id: staff.guest.id, name: 'Ada' });
  expect((await change('/me/preferences', { theme: 'dark', timeZone: 'Europe/Lisbon' })).status).toBe(200);
  expect((await change('/me/preferences', { language: 'pt' })).json).toEqual({
    language: 'pt',
    theme: 'dark',
    timeZone: 'Europe/Lisbon',
    density: 'comfortable',
  });
  expect(codeOf(await change('/me/preferences', { timeZone: 'Mars/Olympus' }))).toBe('invalid-request');
  expect(codeOf(await change('/me/preferences', { language: 'tlh' }))).toBe('invalid-request');
});
