import { expect, test } from 'vitest';
import { codeOf, testControl } from '../../../test/control/app.ts';
import { tenants } from '../../../test/control/tenants.ts';
import { newKeyPair } from '../../net/keys.ts';
import type { GatewayJson } from '../../wire/rest/platform.ts';

interface List<T> {
  readonly items: T[];
}

test('ACC-7: a platform administrator sees organizations by name, and no plant and nothing in one', async () => {
  await using world = await tenants();
  const { control, root, sunfield, alpha, south, subnet, device, cooperation, share } = world;
  await world.certify(root);
  const all = await control.call<List<{ name: string }>>(root, 'GET', '/platform/organizations');
  expect(all.json.items.map(({ name }) => name)).toEqual(['Elsewhere', 'Helios', 'Sunfield']);
  expect((await control.call(root, 'GET', '/plants')).json).toEqual({ items: [], next: null });
  expect((await control.call(root, 'GET', '/routes')).json).toEqual({ items: [], next: null });
  for (const path of [
    `/plants/${alpha}`,
    `/plants/${alpha}/subnets`,
    `/plants/${alpha}/devices`,
    `/plants/${alpha}/access`,
    `/plants/${alpha}/access/me`,
    `/plants/${alpha}/agent`,
    `/cooperations/${cooperation}`,
    `/cooperations/${cooperation}/shares`,
    `/shares/${share}/assignments`,
  ]) {
    expect([path, codeOf(await control.call(root, 'GET', path))]).toEqual([path, 'not-found']);
  }
  for (const path of [`/plants/${alpha}`, `/subnets/${subnet}`, `/devices/${device}`, `/shares/${share}`]) {
    expect([path, codeOf(await control.call(root, 'DELETE', path))]).toEqual([path, 'not-found']);
  }
  expect((await control.call(root, 'POST', `/portfolios/${south}/plants`, { name: 'Mine' })).status).not.toBe(201);
  const mine = { userId: root.id, plantId: alpha, role: 'operator' };
  expect((await control.call(root, 'POST', `/organizations/${sunfield}/grants`, mine)).status).not.toBe(201);
  expect(await world.reachOf(root)).toEqual([]);
});

test('an address and port is one slot’s', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const add = (address: string, port: number) => control.call(root, 'POST', '/platform/slots', { address, port });
  expect((await add('203.0.113.1', 51820)).status).toBe(201);
  const again = await add('203.0.113.1', 51820);
  expect([again.status, codeOf(again)]).toEqual([409, 'already-exists']);
  expect((await add('203.0.113.1', 51821)).status).toBe(201);
  expect((await add('203.0.113.2', 51820)).status).toBe(201);
  const { json } = await control.call<List<{ number: number }>>(root, 'GET', '/platform/slots');
  expect(json.items.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test('a gateway is added, enrols, enrols anew, and is removed', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const region = await control.call<{ id: string }>(root, 'POST', '/platform/regions', { name: 'eu' });
  const input = { name: 'gw-eu-1', regionId: region.json.id };
  const made = await control.call<GatewayJson & { enrollmentToken: string }>(root, 'POST', '/platform/gateways', input);
  expect(made.json).toMatchObject({ name: 'gw-eu-1', state: 'waiting', endpoint: null, region: { name: 'eu' } });
  const enroll = (token: string, endpoint?: string) =>
    control.call(undefined, 'POST', '/enroll', {
      token,
      endpoint,
      identityKey: newKeyPair('ed25519').publicKey,
      tunnelKey: newKeyPair('x25519').publicKey,
    });
  expect(codeOf(await enroll(made.json.enrollmentToken))).toBe('invalid-request');
  for (const endpoint of ['999.1.1.1:51900', '198.51.100.2:0', '198.51.100.2:65536', '198.51.100.02:51900', 'gw:1']) {
    expect([endpoint, codeOf(await enroll(made.json.enrollmentToken, endpoint))]).toEqual([
      endpoint,
      'invalid-request',
    ]);
  }
  const enrolled = await enroll(made.json.enrollmentToken, '198.51.100.2:51900');
  expect(enrolled.json).toMatchObject({ kind: 'gateway', id: made.json.id, number: made.json.number });
  const again = `/platform/gateways/${made.json.id}/enrollment-tokens`;
  const { json } = await control.call<{ token: string }>(root, 'POST', again);
  expect((await enroll(json.token, '198.51.100.2:51901')).status).toBe(200);
  const listed = await control.call<List<GatewayJson>>(root, 'GET', '/platform/gateways');
  expect(listed.json.items).toMatchObject([{ name: 'gw-eu-1', state: 'disconnected', endpoint: '198.51.100.2:51901' }]);
  expect(codeOf(await control.call(root, 'POST', '/platform/gateways', input))).toBe('name-taken');
  expect((await control.call(root, 'DELETE', `/platform/gateways/${made.json.id}`)).status).toBe(204);
  expect(codeOf(await control.call(root, 'DELETE', `/platform/gateways/${made.json.id}`))).toBe('not-found');
  expect(codeOf(await control.call(root, 'POST', again))).toBe('not-found');
  const nowhere = { name: 'gw', regionId: crypto.randomUUID() };
  expect(codeOf(await control.call(root, 'POST', '/platform/gateways', nowhere))).toBe('not-found');
});

test('VPN-6: verification corrects what drifted, and each correction is listed', async () => {
  await using world = await tenants();
  const { control, root, holders } = world;
  await world.certify(holders.operator);
  const verify = async () => (await control.call(root, 'POST', '/platform/verify')).json;
  expect(await verify()).toEqual({ added: 0, removed: 0, revision: null });
  await control.deps.db.deleteFrom('reach').execute();
  expect(await verify()).toMatchObject({ added: 1, removed: 0 });
  expect(await world.reachOf(holders.operator)).toEqual(['Alpha']);
  const { json } = await control.call(root, 'GET', '/platform/corrections?limit=1');
  expect(json).toMatchObject({ items: [{ kind: 'reach-added', detail: { userId: holders.operator.id } }], next: null });
});

test('VPN-16: limit hits are listed page by page, the latest first', async () => {
  await using control = await testControl();
  const root = await control.person('root@x.test', { platformAdministrator: true });
  const region = await control.call<{ id: string }>(root, 'POST', '/platform/regions', { name: 'eu' });
  const input = { name: 'gw', regionId: region.json.id };
  const { number } = (await control.call<GatewayJson>(root, 'POST', '/platform/gateways', input)).json;
  const hit = (packets: number) => ({
    gateway_no: number,
    user_id: root.id,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, packets)),
    packets,
  });
  await control.deps.db
    .insertInto('limit_hits')
    .values([hit(1), hit(2), hit(3)])
    .execute();
  const seen: number[] = [];
  for (let cursor = ''; ;) {
    const page: { items: { packets: number }[]; next: string | null } = (
      await control.call<{ items: { packets: number }[]; next: string | null }>(
        root,
        'GET',
        `/platform/limit-hits?limit=2${cursor}`,
      )
    ).json;
    seen.push(...page.items.map(({ packets }) => packets));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(seen).toEqual([3, 2, 1]);
});
