import { expect, test } from 'vitest';
import { type Person, codeOf, testControl } from '../../../test/control/app.ts';
import { type Tenants, created, tenants } from '../../../test/control/tenants.ts';
import { newKeyPair } from '../../net/keys.ts';

const DAY = 24 * 3600 * 1000;
const PASSWORD = 'a long enough one';

function invite({ control, staff, sunfield }: Tenants, email: string, role = 'member', by = staff.administrator) {
  const body = { email, name: 'New', role };
  return control.call<{ userId: string; invitationToken?: string }>(
    by,
    'POST',
    `/organizations/${sunfield}/members`,
    body,
  );
}

test('USR-1: an invitation sets the password once, within seven days', async () => {
  await using world = await tenants();
  const { control } = world;
  const { json } = await invite(world, 'new@x.test');
  const accept = (token?: string) =>
    control.call<{ token: string }>(undefined, 'POST', '/invitations/accept', {
      token,
      name: 'Newer',
      password: PASSWORD,
    });
  const signIn = () => control.call(undefined, 'POST', '/sessions', { email: 'NEW@x.test', password: PASSWORD });

  expect(codeOf(await signIn())).toBe('wrong-credentials');
  const opened = await accept(json.invitationToken);
  expect(opened.status).toBe(201);
  expect((await control.call(opened.json, 'GET', '/me')).json).toMatchObject({
    user: { id: json.userId, name: 'Newer' },
    memberships: [{ organizationId: world.sunfield, role: 'member' }],
  });
  expect((await signIn()).status).toBe(201);
  expect(codeOf(await accept(json.invitationToken))).toBe('invitation-invalid');
  expect(codeOf(await accept('pwi_unknown'))).toBe('invitation-invalid');

  const late = await invite(world, 'late@x.test');
  control.advance(7 * DAY + 1);
  expect(codeOf(await accept(late.json.invitationToken))).toBe('invitation-invalid');
});

test('an invitation that was not accepted can be repeated, and the former one is dead', async () => {
  await using world = await tenants();
  const { control } = world;
  const first = await invite(world, 'new@x.test');
  const second = await invite(world, 'New@x.test', 'guest');
  expect(second.json.userId).toBe(first.json.userId);
  const accept = (token?: string) =>
    control.call(undefined, 'POST', '/invitations/accept', { token, password: PASSWORD });
  expect(codeOf(await accept(first.json.invitationToken))).toBe('invitation-invalid');
  expect((await accept(second.json.invitationToken)).status).toBe(201);
  expect(codeOf(await invite(world, 'new@x.test'))).toBe('already-exists');
});

test('what an organization gives to an address never reaches whoever claims it by another one’s invitation', async () => {
  await using world = await tenants();
  const { control, stranger, elsewhere } = world;
  const first = await invite(world, 'new@x.test');
  const body = { email: 'new@x.test', name: 'Mine', role: 'guest' };
  const add = () => control.call(stranger, 'POST', `/organizations/${elsewhere}/members`, body);
  const before = await world.everything();
  expect(codeOf(await add())).toBe('invitation-pending');
  expect(await world.everything()).toEqual(before);

  const token = first.json.invitationToken;
  await control.call(undefined, 'POST', '/invitations/accept', { token, password: PASSWORD });
  expect((await add()).json).toEqual({ userId: first.json.userId, mailed: false });
});

test('ACC-2: the last Administrator can be neither removed, demoted nor deleted', async () => {
  await using world = await tenants();
  const { control, staff, root, sunfield } = world;
  const path = `/organizations/${sunfield}/members/${staff.administrator.id}`;
  // Somebody who never signed in does not count as one who could take over.
  await invite(world, 'pending@x.test', 'administrator');
  const before = await world.everything();
  expect(codeOf(await control.call(staff.administrator, 'PATCH', path, { role: 'moderator' }))).toBe(
    'last-administrator',
  );
  expect(codeOf(await control.call(staff.administrator, 'DELETE', path))).toBe('last-administrator');
  for (const who of [staff.administrator, root]) {
    const answer = await control.call(who, 'DELETE', `/users/${staff.administrator.id}`);
    expect(codeOf(answer)).toBe('last-administrator');
  }
  expect(await world.everything()).toBe(before);
  const deputy = `/organizations/${sunfield}/members/${staff.moderator.id}`;
  created(await control.call(staff.administrator, 'PATCH', deputy, { role: 'administrator' }));
  created(await control.call(staff.administrator, 'PATCH', path, { role: 'guest' }));
});

test('ACC-2: Moderators manage Members and Guests, and nobody above', async () => {
  await using world = await tenants();
  const { control, staff, sunfield } = world;
  const member = (id: string) => `/organizations/${sunfield}/members/${id}`;
  const before = await world.everything();
  for (const role of ['administrator', 'moderator']) {
    expect(codeOf(await invite(world, 'new@x.test', role, staff.moderator))).toBe('not-allowed');
    const raised = await control.call(staff.moderator, 'PATCH', member(staff.guest.id), { role });
    expect(codeOf(raised)).toBe('not-allowed');
  }
  for (const who of [staff.administrator, staff.moderator]) {
    expect(codeOf(await control.call(staff.moderator, 'DELETE', member(who.id)))).toBe('not-allowed');
    expect(codeOf(await control.call(staff.moderator, 'PATCH', member(who.id), { role: 'guest' }))).toBe('not-allowed');
  }
  expect(await world.everything()).toBe(before);
  created(await invite(world, 'new@x.test', 'guest', staff.moderator));
  created(await control.call(staff.moderator, 'PATCH', member(staff.guest.id), { role: 'member' }));
  created(await control.call(staff.moderator, 'DELETE', member(staff.guest.id)));
});

test('ACC-4: leading the owner is Operator on all of its plants, from the role on until it is gone', async () => {
  await using world = await tenants();
  const { control, staff, sunfield } = world;
  const path = `/organizations/${sunfield}/members/${staff.member.id}`;
  await world.certify(staff.member);
  expect(await world.reachOf(staff.member)).toEqual([]);
  created(await control.call(staff.administrator, 'PATCH', path, { role: 'moderator' }));
  expect(await world.reachOf(staff.member)).toEqual(['Alpha']);
  created(await control.call(staff.administrator, 'PATCH', path, { role: 'member' }));
  expect(await world.reachOf(staff.member)).toEqual([]);
});

test('ACC-3: a grant on a portfolio covers later plants; withdrawn or weakened, the reach goes', async () => {
  await using world = await tenants();
  const { control, staff, sunfield, south } = world;
  await world.certify(staff.member);
  const grant = { userId: staff.member.id, portfolioId: south, role: 'operator' };
  const { id } = await world.post(staff.administrator, `/organizations/${sunfield}/grants`, grant);
  const beta = await world.post(staff.administrator, `/portfolios/${south}/plants`, { name: 'Beta' });
  expect(await world.reachOf(staff.member)).toEqual(['Alpha', 'Beta']);
  created(await control.call(staff.administrator, 'DELETE', `/plants/${beta.id}`));
  expect(await world.reachOf(staff.member)).toEqual(['Alpha']);
  created(await control.call(staff.administrator, 'PATCH', `/grants/${id}`, { role: 'technical_manager' }));
  expect(await world.reachOf(staff.member)).toEqual([]);
  created(await control.call(staff.administrator, 'PATCH', `/grants/${id}`, { role: 'operator' }));
  expect(await world.reachOf(staff.member)).toEqual(['Alpha']);
  created(await control.call(staff.administrator, 'DELETE', `/grants/${id}`));
  expect(await world.reachOf(staff.member)).toEqual([]);
});

test('ACC-9: a deleted user loses all access at once; the row stays', async () => {
  await using world = await tenants();
  const { control, root, holders } = world;
  const { db } = control.deps;
  await world.certify(holders.operator);
  expect(await world.reachOf(holders.operator)).toEqual(['Alpha']);
  expect(codeOf(await control.call(holders.viewer, 'DELETE', `/users/${holders.operator.id}`))).toBe('not-found');
  const answer = await control.call(root, 'DELETE', `/users/${holders.operator.id}`);
  expect(answer.status).toBe(204);
  expect(answer.headers['parkway-revision']).toBeDefined();
  expect(await world.reachOf(holders.operator)).toEqual([]);
  expect(codeOf(await control.call(holders.operator, 'GET', '/me'))).toBe('not-signed-in');
  for (const table of ['memberships', 'grants', 'certificates', 'sessions', 'api_tokens'] as const) {
    const rows = await db.selectFrom(table).select('user_id').where('user_id', '=', holders.operator.id).execute();
    expect([table, rows]).toEqual([table, []]);
  }
  const row = await db.selectFrom('users').selectAll().where('id', '=', holders.operator.id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ email: 'operator@x.test', name: 'operator@x.test', deleted_at: expect.any(Date) });
  // The address is free again for a new account.
  expect((await invite(world, 'operator@x.test')).json.invitationToken).toBeDefined();
});

test('ACC-7: a platform administrator sees organizations by name and gains nothing in them', async () => {
  await using world = await tenants();
  const { control, root, sunfield, alpha, cooperation } = world;
  const { json } = await control.call<{ items: { name: string; role: null }[] }>(root, 'GET', '/organizations');
  expect(json.items.map(({ name, role }) => [name, role])).toEqual([
    ['Elsewhere', null],
    ['Helios', null],
    ['Sunfield', null],
  ]);
  expect((await control.call(root, 'GET', '/plants')).json).toEqual({ items: [], next: null });
  expect(codeOf(await control.call(root, 'GET', `/plants/${alpha}`))).toBe('not-found');
  expect(codeOf(await control.call(root, 'GET', `/cooperations/${cooperation}`))).toBe('not-found');
  expect(codeOf(await control.call(root, 'GET', `/organizations/${sunfield}/members`))).toBe('not-allowed');
  const portfolios = await control.call(root, 'GET', `/organizations/${sunfield}/portfolios`);
  expect(portfolios.json).toEqual({ items: [], next: null });
  await world.certify(root);
  expect(await world.reachOf(root)).toEqual([]);
});

test('deleting an organization gives back its ranges and takes all reach, its members’ elsewhere too', async () => {
  await using world = await tenants();
  const { control, root, staff, technician, partner, share, assignment, helios, sunfield } = world;
  created(await control.call(staff.administrator, 'PATCH', `/shares/${share}`, { cap: 'operator' }));
  created(await control.call(partner, 'PATCH', `/assignments/${assignment}`, { role: 'operator' }));
  await world.certify(technician);
  await world.certify(staff.administrator);
  expect(codeOf(await control.call(staff.administrator, 'DELETE', `/organizations/${sunfield}`))).toBe('not-allowed');
  created(await control.call(root, 'DELETE', `/organizations/${helios}`));
  expect(await world.reachOf(technician)).toEqual([]);
  expect(await world.reachOf(staff.administrator)).toEqual(['Alpha']);
  created(await control.call(root, 'DELETE', `/organizations/${sunfield}`));
  expect(await world.reachOf(staff.administrator)).toEqual([]);
  expect(await control.deps.db.selectFrom('released').select('range').execute()).toHaveLength(1);
});

test('USR-2: what an outsider sends to accept an invitation tells nothing about accounts', async () => {
  await using control = await testControl();
  await control.person('known@x.test');
  const accept = (token: string) =>
    control.call(undefined, 'POST', '/invitations/accept', { token, password: PASSWORD });
  const answers = await Promise.all(['pwi_x', 'known@x.test', 'pws_x'].map(accept));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
});

test('ACC-2: of two Administrators who demote each other at once, one stays', async () => {
  await using world = await tenants();
  const { control, staff, sunfield } = world;
  const path = (who: Person) => `/organizations/${sunfield}/members/${who.id}`;
  created(await control.call(staff.administrator, 'PATCH', path(staff.moderator), { role: 'administrator' }));
  const answers = await Promise.all([
    control.call(staff.administrator, 'PATCH', path(staff.moderator), { role: 'guest' }),
    control.call(staff.moderator, 'PATCH', path(staff.administrator), { role: 'guest' }),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === 'not-allowed')).toHaveLength(1);
});

test('an invitation that two accept at once lets one in', async () => {
  await using world = await tenants();
  const { json } = await invite(world, 'new@x.test');
  const body = { token: json.invitationToken, password: PASSWORD };
  const answers = await Promise.all(
    [1, 2, 3].map(() => world.control.call(undefined, 'POST', '/invitations/accept', body)),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === 'invitation-invalid')).toHaveLength(2);
});

test('ACC-7: a platform administrator creates an organization and hands its first Administrator an invitation', async () => {
  await using world = await tenants();
  const { control, root, staff } = world;
  const input = { name: 'Windpark', administratorEmail: 'boss@x.test', administratorName: 'Boss' };
  expect(codeOf(await control.call(staff.administrator, 'POST', '/organizations', input))).toBe('not-allowed');
  const made = await control.call<{ id: string; invitationToken: string }>(root, 'POST', '/organizations', input);
  expect(made.status).toBe(201);
  const body = { token: made.json.invitationToken, password: PASSWORD };
  const boss = await control.call<{ token: string }>(undefined, 'POST', '/invitations/accept', body);
  const path = `/organizations/${made.json.id}/portfolios`;
  expect((await control.call(boss.json, 'POST', path, { name: 'North' })).status).toBe(201);
  expect(codeOf(await control.call(root, 'POST', path, { name: 'Mine' }))).toBe('not-allowed');
});

test.each(['demoted', 'removed'])(
  'a Moderator who is %s keeps no token that would still admit an agent (AGT-4)',
  async (how) => {
    await using world = await tenants();
    const { control, staff, sunfield, alpha } = world;
    const tokenOf = async (who: Person) =>
      (await control.call<{ token: string }>(who, 'POST', `/plants/${alpha}/agent/enrollment-tokens`)).json.token;
    const enroll = (token: string) =>
      control.call(undefined, 'POST', '/enroll', {
        token,
        identityKey: newKeyPair('ed25519').publicKey,
        tunnelKey: newKeyPair('x25519').publicKey,
      });
    const kept = await tokenOf(staff.moderator);
    const member = `/organizations/${sunfield}/members/${staff.moderator.id}`;
    if (how === 'demoted') created(await control.call(staff.administrator, 'PATCH', member, { role: 'member' }));
    else created(await control.call(staff.administrator, 'DELETE', member));
    expect(codeOf(await enroll(kept))).toBe('enrollment-invalid');
    expect((await enroll(await tokenOf(staff.administrator))).status).toBe(200);
  },
);
