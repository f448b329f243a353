import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { type Tenants, tenants } from '../../../test/control/tenants.ts';
import type { RouteJson } from '../../wire/rest/routes.ts';

interface RoutePage {
  readonly items: RouteJson[];
  readonly next: string | null;
}

async function routesOf({ control, holders }: Tenants, query = ''): Promise<RoutePage> {
  return (await control.call<RoutePage>(holders.operator, 'GET', `/routes${query}`)).json;
}

/** Alpha's operator with a certificate, and then Operator on Beta too, which has the same subnet. */
async function contested() {
  const world = await tenants();
  const { staff, south, sunfield, holders } = world;
  const beta = (await world.post(staff.administrator, `/portfolios/${south}/plants`, { name: 'Beta' })).id;
  const subnet = (await world.post(staff.administrator, `/plants/${beta}/subnets`, { network: '192.168.1.0/24' })).id;
  await world.certify(holders.operator);
  const body = { userId: holders.operator.id, plantId: beta, role: 'operator' };
  await world.post(staff.administrator, `/organizations/${sunfield}/grants`, body);
  return { world, beta, betaSubnet: subnet };
}

test('VPN-9, VPN-10: the second plant with a range is in conflict until the user chooses it; both have aliases', async () => {
  const { world, beta, betaSubnet } = await contested();
  await using _ = world;
  const { control, holders, alpha } = world;
  const before = await routesOf(world);
  expect(before.items.map(({ plantName, status }) => [plantName, status])).toEqual([
    ['Alpha', 'unreachable'],
    ['Beta', 'conflict'],
  ]);
  expect(before.items.map(({ contested: parts }) => parts)).toEqual([
    [{ range: '192.168.1.0/24', ownerPlantId: alpha, ownerPlantName: 'Alpha', mine: true }],
    [{ range: '192.168.1.0/24', ownerPlantId: alpha, ownerPlantName: 'Alpha', mine: false }],
  ]);
  const aliases = before.items.map(({ alias }) => alias);
  expect(aliases.every((alias) => alias?.endsWith('/24'))).toBe(true);
  expect(new Set(aliases).size).toBe(2);
  const used = await control.call<RouteJson>(holders.operator, 'POST', `/routes/${betaSubnet}/use`);
  expect(used).toMatchObject({ status: 200, json: { plantId: beta, status: 'unreachable' } });
  expect(Number(used.headers['parkway-revision'])).toBe(used.json.revision);
  expect((await routesOf(world)).items.map(({ status }) => status)).toEqual(['conflict', 'unreachable']);
});

test('VPN-11: a route is paused and resumed by its user', async () => {
  await using world = await tenants();
  const { control, holders, subnet } = world;
  await world.certify(holders.operator);
  const paused = await control.call(holders.operator, 'POST', `/routes/${subnet}/pause`);
  expect(paused.json).toMatchObject({ status: 'paused', paused: true });
  const resumed = await control.call(holders.operator, 'POST', `/routes/${subnet}/resume`);
  expect(resumed.json).toMatchObject({ status: 'unreachable', paused: false });
});

test('a route that is not the user’s is not found, whether or not there is such a subnet', async () => {
  await using world = await tenants();
  const { control, holders, subnet, stranger } = world;
  for (const who of [stranger, holders.technical_manager]) {
    await world.certify(who);
    const answers = [subnet, crypto.randomUUID()].map((id) => control.call(who, 'POST', `/routes/${id}/use`));
    const [real, imagined] = await Promise.all(answers);
    expect(real?.text).toBe(imagined?.text);
    expect(real?.json).toMatchObject({ code: 'route-not-yours', status: 404 });
  }
});

test('VPN-13: routes are filtered and searched, and come in pages', async () => {
  const { world, beta } = await contested();
  await using _ = world;
  const names = async (query: string) => (await routesOf(world, query)).items.map(({ plantName }) => plantName);
  expect(await names('?status=conflict')).toEqual(['Beta']);
  expect(await names(`?plantId=${beta}`)).toEqual(['Beta']);
  expect(await names(`?portfolioId=${world.south}`)).toEqual(['Alpha', 'Beta']);
  expect(await names('?q=BET')).toEqual(['Beta']);
  expect(await names('?q=192.168')).toEqual(['Alpha', 'Beta']);
  expect(await names('?q=nothing')).toEqual([]);
  const first = await routesOf(world, '?limit=1');
  expect(first.items.map(({ plantName }) => plantName)).toEqual(['Alpha']);
  const second = await routesOf(world, `?limit=1&cursor=${first.next}`);
  expect(second.items.map(({ plantName }) => plantName)).toEqual(['Beta']);
  expect(second.next).toBeNull();
  expect(codeOf(await world.control.call(world.holders.operator, 'GET', '/routes?status=great'))).toBe(
    'invalid-request',
  );
});
