import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { created, tenants } from '../../../test/control/tenants.ts';
import { cidr } from '../../net/cidr.ts';
import { DEFAULT_POOLS } from '../../net/pools.ts';
import type { Actor } from '../actor.ts';
import { addSubnet } from './manage-subnets.ts';

interface Subnet {
  readonly id: string;
  readonly network: string;
  readonly alias: string | null;
  readonly aliasReason?: string;
}

test('each bad subnet has its own code and a sentence with its value, and changes nothing', async () => {
  await using world = await tenants();
  const { control, staff, alpha } = world;
  const before = await world.everything();
  for (const [network, code, says] of [
    ['192.168.1', 'cidr-syntax', '192.168.1.0/24'],
    ['192.168.010.0/24', 'cidr-syntax', '192.168.010.0/24'],
    ['192.168.1.0/33', 'cidr-syntax', '192.168.1.0/33'],
    ['10.1.2.3/16', 'cidr-host-bits', 'Write 10.1.0.0/16'],
    ['10.0.0.0/8', 'subnet-too-wide', '/12'],
    ['0.0.0.0/0', 'subnet-reserved', '100.64.0.0/12'],
    ['8.8.8.0/24', 'subnet-not-private', '172.16.0.0/12'],
    ['100.100.0.0/16', 'subnet-reserved', '100.96.0.0/11'],
    ['192.168.1.0/24', 'subnet-duplicate', '192.168.1.0/24'],
    ['192.168.1.64/26', 'subnet-overlaps-own', 'lies in 192.168.1.0/24'],
    ['192.168.0.0/16', 'subnet-overlaps-own', 'contains 192.168.1.0/24'],
  ] as const) {
    const answer = await control.call(staff.administrator, 'POST', `/plants/${alpha}/subnets`, { network });
    expect({ network, problem: answer.json }).toMatchObject({
      network,
      problem: { code, detail: expect.stringContaining(says) },
    });
  }
  expect(await world.everything()).toBe(before);
});

test('VPN-10: a subnet has an alias of its size, or says why it has none', async () => {
  await using world = await tenants();
  const { control, staff, alpha } = world;
  const add = async (network: string) =>
    (await control.call<Subnet>(staff.administrator, 'POST', `/plants/${alpha}/subnets`, { network })).json;
  const plain = await add('10.1.0.0/20');
  expect(cidr(plain.alias ?? '').length).toBe(20);
  expect(plain.aliasReason).toBeUndefined();
  expect(await add('10.16.0.0/12')).toMatchObject({
    alias: null,
    aliasReason: expect.stringContaining('wider than /20'),
  });
  await control.deps.db.updateTable('organizations').set({ alias_quota: 4352 }).execute();
  expect(await add('172.16.0.0/24')).toMatchObject({ alias: null, aliasReason: expect.stringContaining('quota') });
  const { json } = await control.call<{ items: Subnet[] }>(staff.administrator, 'GET', `/plants/${alpha}/subnets`);
  expect(json.items.map(({ network }) => network)).toEqual([
    '10.1.0.0/20',
    '10.16.0.0/12',
    '172.16.0.0/24',
    '192.168.1.0/24',
  ]);
});

test('a pool without room is told, and changes nothing', async () => {
  await using world = await tenants();
  const { control, staff, alpha } = world;
  // An organization may have a quarter: room for one subnet that is too wide for the alias pool.
  const deps = { ...control.deps, pools: { ...DEFAULT_POOLS, hidden: cidr('240.0.0.0/10') } };
  const actor: Actor = {
    userId: staff.administrator.id,
    platformAdministrator: false,
    scopes: 'all',
    via: { kind: 'token', id: '', expiresAt: null, networks: [] },
  };
  await addSubnet(deps, actor, alpha, { network: '10.16.0.0/12' });
  const before = await world.everything();
  await expect(addSubnet(deps, actor, alpha, { network: '10.32.0.0/12' })).rejects.toMatchObject({
    code: 'pool-exhausted',
  });
  expect(await world.everything()).toBe(before);
});

test('a range that was given back rests before somebody else gets it', async () => {
  await using world = await tenants();
  const { control, staff, alpha, subnet, sunfield } = world;
  const list = async () =>
    (await control.call<{ items: Subnet[] }>(staff.administrator, 'GET', `/plants/${alpha}/subnets`)).json.items;
  const former = (await list())[0]?.alias;
  created(await control.call(staff.administrator, 'DELETE', `/subnets/${subnet}`));
  expect(await list()).toEqual([]);
  await world.post(staff.administrator, `/plants/${alpha}/subnets`, { network: '192.168.1.0/24' });
  const next = (await list())[0]?.alias;
  expect(next).not.toBe(former);
  const released = await control.deps.db.selectFrom('released').select(['range', 'organization_id']).execute();
  expect(released).toEqual([{ range: former, organization_id: sunfield }]);
});

test('VPN-10: a device has the same place in the alias, and an address outside the plant is refused', async () => {
  await using world = await tenants();
  const { control, staff, alpha, device } = world;
  const list = await control.call<{ items: Subnet[] }>(staff.administrator, 'GET', `/plants/${alpha}/subnets`);
  const alias = list.json.items[0]?.alias?.replace('.0/24', '.10');
  const devices = await control.call(staff.administrator, 'GET', `/plants/${alpha}/devices`);
  expect(devices.json).toMatchObject({ items: [{ id: device, address: '192.168.1.10', alias }] });
  const before = await world.everything();
  for (const [address, code] of [
    ['192.168.2.10', 'address-outside-plant'],
    ['192.168.1.300', 'invalid-request'],
    ['192.168.1.10', 'already-exists'],
  ] as const) {
    const answer = await control.call(staff.administrator, 'POST', `/plants/${alpha}/devices`, {
      name: 'Meter',
      address,
    });
    expect([address, codeOf(answer)]).toEqual([address, code]);
  }
  const moved = await control.call(staff.administrator, 'PATCH', `/devices/${device}`, { address: '10.0.0.1' });
  expect(codeOf(moved)).toBe('address-outside-plant');
  expect(await world.everything()).toBe(before);
});
