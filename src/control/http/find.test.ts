import { expect, test } from 'vitest';
import type { Person } from '../../../test/control/app.ts';
import { type Tenants, created, tenants } from '../../../test/control/tenants.ts';
import type { PlacedDeviceJson } from '../../wire/rest/devices.ts';
import type { FoundJson } from '../../wire/rest/find.ts';
import type { PlantJson } from '../../wire/rest/plants.ts';

type Items<T> = { items: T[]; next: string | null };

async function list<T>({ control }: Tenants, who: Person, path: string): Promise<Items<T>> {
  return created(await control.call<Items<T>>(who, 'GET', path));
}

test('jump to what one may see: by name, address or alias, what is called so first, and nothing of others', async () => {
  await using world = await tenants();
  const { staff, holders, stranger, technician, partner, root } = world;
  const by = staff.administrator;
  const find = async (who: Person, q: string) =>
    (await list<FoundJson>(world, who, `/find?q=${encodeURIComponent(q)}`)).items.map(({ kind, name }) => [kind, name]);
  await world.post(by, `/plants/${world.alpha}/devices`, { name: 'Big alpha meter', address: '192.168.1.11' });
  await world.post(by, `/portfolios/${world.south}/plants`, { name: 'Alphaville' });
  expect(await find(by, 'alpha')).toEqual([
    ['plant', 'Alpha'],
    ['plant', 'Alphaville'],
    ['device', 'Big alpha meter'],
  ]);
  expect(await find(holders.viewer, 'alpha')).toEqual([
    ['plant', 'Alpha'],
    ['device', 'Big alpha meter'],
  ]);
  expect(await find(technician, 'south')).toEqual([['portfolio', 'South']]);
  for (const who of [stranger, partner, root, staff.guest]) expect(await find(who, 'alpha')).toEqual([]);
  expect(await find(by, 'viewer@')).toEqual([['person', 'viewer@x.test']]);
  expect(await find(holders.viewer, 'viewer@')).toEqual([]);
  const [device] = (await list<FoundJson>(world, by, '/find?q=192.168.1.10')).items;
  expect(device).toMatchObject({ kind: 'device', name: 'Inverter', sub: 'Alpha', plantId: world.alpha });
  expect(await find(by, device?.alias ?? '-')).toEqual([['device', 'Inverter']]);
  expect(await find(by, '%')).toEqual([]);
});

test('the devices of all plants that one sees, by page, plant and part of a name, each with one’s route', async () => {
  await using world = await tenants();
  const { staff, holders, stranger } = world;
  const by = staff.administrator;
  const { id: beta } = await world.post(by, `/portfolios/${world.south}/plants`, { name: 'Beta' });
  await world.post(by, `/plants/${beta}/subnets`, { network: '10.1.0.0/24' });
  await world.post(by, `/plants/${beta}/devices`, { name: 'Meter', address: '10.1.0.9' });
  const devices = (who: Person, query = '') => list<PlacedDeviceJson>(world, who, `/devices${query}`);
  const names = async (query: string) => (await devices(by, query)).items.map(({ name }) => name);
  expect((await devices(stranger)).items).toEqual([]);
  const { items } = await devices(holders.viewer);
  expect(items).toMatchObject([{ name: 'Inverter', plant: { id: world.alpha, name: 'Alpha' }, route: null }]);
  const first = await devices(by, '?limit=1');
  expect(first.items.map(({ name }) => name)).toEqual(['Inverter']);
  expect(await names(`?limit=1&cursor=${first.next}`)).toEqual(['Meter']);
  expect(await names(`?plantId=${beta}`)).toEqual(['Meter']);
  expect(await names('?q=inv')).toEqual(['Inverter']);
  expect(await names('?q=10.1.0')).toEqual(['Meter']);
  expect(await names(`?q=${items[0]?.alias}`)).toEqual(['Inverter']);
  await world.certify(by);
  const [own] = (await devices(by, '?q=inv')).items;
  expect(own?.route).toMatchObject({ subnetId: world.subnet, status: 'unreachable' });
});

test('plants by part of a name, organization, portfolio and state, with what they have', async () => {
  await using world = await tenants();
  const { staff, technician } = world;
  const by = staff.administrator;
  const { id: north } = await world.post(by, `/organizations/${world.sunfield}/portfolios`, { name: 'North' });
  const { id: beta } = await world.post(by, `/portfolios/${north}/plants`, { name: 'Beta' });
  await world.post(by, `/plants/${beta}/agent/enrollment-tokens`);
  const names = async (who: Person, query: string) =>
    (await list<PlantJson>(world, who, `/plants?${query}`)).items.map(({ name }) => name);
  expect(await names(by, 'q=ALP')).toEqual(['Alpha']);
  expect(await names(by, 'q=north')).toEqual(['Beta']);
  expect(await names(by, `portfolioId=${world.south}`)).toEqual(['Alpha']);
  expect(await names(by, 'state=waiting')).toEqual(['Beta']);
  expect(await names(by, `organizationId=${world.helios}`)).toEqual([]);
  expect(await names(technician, `organizationId=${world.sunfield}`)).toEqual(['Alpha']);
  const { items } = await list<PlantJson>(world, by, '/plants?q=alpha');
  expect(items).toMatchObject([{ subnets: 1, devices: 1, agent: 'none', agentSeenAt: null }]);
});
