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
    scopes: null,
  });
  expect((await control.call(root, 'GET', '/me')).json).toMatchObject({ platformAdministrator: true, memberships: [] });
});
