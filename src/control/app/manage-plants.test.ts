import { expect, test } from 'vitest';
import { ENGINES } from '../../../test/postgres/database.ts';
import { codeOf } from '../../../test/control/app.ts';
import { created, tenants } from '../../../test/control/tenants.ts';

test.each(ENGINES)('a deleted plant gives back its ranges and tells daemons what is gone (%s)', async (engine) => {
  await using world = await tenants(engine);
  const { control, staff, holders, alpha } = world;
  const { db } = control.deps;
  await world.certify(holders.operator);
  await control.call(holders.operator, 'POST', `/routes/${world.subnet}/pause`);
  const { no } = await db.selectFrom('plants').select('no').where('id', '=', alpha).executeTakeFirstOrThrow();
  const subnet = await db.selectFrom('subnets').selectAll().where('id', '=', world.subnet).executeTakeFirstOrThrow();
  const answer = await control.call(staff.administrator, 'DELETE', `/plants/${alpha}`);
  expect(answer.status).toBe(204);
  expect(await world.reachOf(holders.operator)).toEqual([]);
  const revision = Number(answer.headers['parkway-revision']);
  const changes = await db.selectFrom('changes').select(['kind', 'key']).where('revision', '=', revision).execute();
  expect(changes).toContainEqual({ kind: 'subnet', key: String(subnet.no) });
  expect(changes).toContainEqual({ kind: 'reach', key: `${holders.operator.id}:${no}` });
  expect(changes).toContainEqual({ kind: 'setting', key: `${holders.operator.id}:${subnet.no}` });
  expect(await db.selectFrom('released').select('range').execute()).toEqual([{ range: subnet.unique_range }]);
  expect(codeOf(await control.call(staff.administrator, 'GET', `/plants/${alpha}`))).toBe('not-found');
});

test('a deleted portfolio takes its plants, what was granted on it, and their ranges', async () => {
  await using world = await tenants();
  const { control, staff, holders, sunfield, south } = world;
  await world.certify(holders.operator);
  await world.certify(staff.administrator);
  const grant = { userId: holders.operator.id, portfolioId: south, role: 'operator' };
  await world.post(staff.administrator, `/organizations/${sunfield}/grants`, grant);
  created(await control.call(staff.administrator, 'DELETE', `/portfolios/${south}`));
  expect(await world.reachOf(holders.operator)).toEqual([]);
  expect(await world.reachOf(staff.administrator)).toEqual([]);
  const grants = await control.call(staff.administrator, 'GET', `/organizations/${sunfield}/grants`);
  expect(grants.json).toEqual({ items: [], next: null });
  expect(await control.deps.db.selectFrom('released').select('range').execute()).toHaveLength(1);
});

test('names are unique within an organization, and free in another', async () => {
  await using world = await tenants();
  const { control, root, staff, stranger, sunfield, elsewhere, south } = world;
  const before = await world.everything();
  const taken = async (path: string, body: object) =>
    codeOf(await control.call(path === '/organizations' ? root : staff.administrator, 'POST', path, body));
  const organization = { name: 'sunfield', administratorEmail: 'new@x.test', administratorName: 'New' };
  expect(await taken('/organizations', organization)).toBe('name-taken');
  expect(await taken(`/organizations/${sunfield}/portfolios`, { name: 'South' })).toBe('name-taken');
  expect(await taken(`/portfolios/${south}/plants`, { name: 'Alpha' })).toBe('name-taken');
  expect(await world.everything()).toBe(before);
  const portfolio = await world.post(stranger, `/organizations/${elsewhere}/portfolios`, { name: 'South' });
  await world.post(stranger, `/portfolios/${portfolio.id}/plants`, { name: 'Alpha' });
});

test('ACC-3: a grant is on one thing, to a member, and once', async () => {
  await using world = await tenants();
  const { control, staff, holders, sunfield, south, alpha, technician, grants } = world;
  const userId = holders.viewer.id;
  const grant = (body: object) => control.call(staff.administrator, 'POST', `/organizations/${sunfield}/grants`, body);
  const before = await world.everything();
  for (const [body, code] of [
    [{ userId, role: 'viewer' }, 'invalid-request'],
    [{ userId, plantId: alpha, portfolioId: south, role: 'viewer' }, 'invalid-request'],
    [{ userId, plantId: alpha, role: 'owner' }, 'invalid-request'],
    [{ userId, plantId: alpha, role: 'operator' }, 'already-exists'],
    [{ userId: technician.id, plantId: alpha, role: 'operator' }, 'not-found'],
  ] as const) {
    expect([body, codeOf(await grant(body))]).toEqual([body, code]);
  }
  expect(await world.everything()).toBe(before);
  const list = await control.call<{ items: { id: string }[] }>(
    holders.viewer,
    'GET',
    `/organizations/${sunfield}/grants`,
  );
  expect(list.json.items.map(({ id }) => id)).toEqual([grants.viewer]);
});
