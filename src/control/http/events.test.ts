import { describe, expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { listenTo, startProcess } from '../../../test/control/events.ts';
import { created, tenants } from '../../../test/control/tenants.ts';
import { addGateway } from '../../../test/postgres/world.ts';
import { newKeyPair } from '../../net/keys.ts';
import { revokeCertificate } from '../../store/certificates.ts';
import { change } from '../../store/change.ts';
import { PassThrough } from 'node:stream';
import { openStream } from './event-stream.ts';

test('VPN-13: a grant that is withdrawn is told to the person, on every control process', async () => {
  await using world = await tenants();
  const { control, holders, staff, grants } = world;
  await world.certify(holders.operator);
  await using here = await startProcess(control);
  await using there = await startProcess(control);
  using first = await listenTo(here.url, holders.operator);
  using second = await listenTo(there.url, holders.operator);
  const { headers } = await control.call(staff.administrator, 'DELETE', `/grants/${grants.operator}`);
  for (const listener of [first, second]) {
    const event = await listener.next({ topic: 'routes' });
    expect(event.revision).toBe(Number(headers['parkway-revision']));
    await listener.next({ topic: 'plants' });
  }
});

test('each is told of its own: nothing of organizations, plants and people that are not one’s to see', async () => {
  await using world = await tenants();
  const { control, staff, holders, stranger, root, technician } = world;
  await using here = await startProcess(control);
  using outsider = await listenTo(here.url, stranger);
  using leader = await listenTo(here.url, staff.administrator);
  using viewer = await listenTo(here.url, holders.viewer);
  using assigned = await listenTo(here.url, technician);
  using platform = await listenTo(here.url, root);
  await world.post(staff.administrator, `/plants/${world.alpha}/devices`, { name: 'New', address: '192.168.1.77' });
  for (const listener of [leader, viewer, assigned]) await listener.next({ topic: 'plants', plantId: world.alpha });
  await world.post(staff.administrator, `/organizations/${world.sunfield}/members`, {
    email: 'new@x.test',
    name: 'New',
    role: 'guest',
  });
  for (const listener of [leader, viewer]) {
    await listener.next({ topic: 'organization', organizationId: world.sunfield });
  }
  await control.call(staff.administrator, 'PATCH', `/shares/${world.share}`, { cap: 'viewer' });
  for (const listener of [leader, assigned]) await listener.next({ topic: 'cooperations' });
  await world.certify(holders.operator);
  await world.post(root, '/platform/slots', { address: '203.0.113.9', port: 51821 });
  await platform.next({ topic: 'platform' });
  // What follows is told last, so what concerned the others would have come before it.
  created(await control.call(stranger, 'PATCH', '/me', { name: 'Other' }));
  await outsider.next({ topic: 'me' });
  const heard = outsider.events.filter(({ organizationId }) => organizationId !== world.elsewhere);
  expect(heard.map(({ topic }) => topic).filter((topic) => topic !== 'routes' && topic !== 'organization')).toEqual([]);
  expect(platform.events.filter(({ plantId, organizationId }) => plantId !== undefined || organizationId)).toEqual([]);
  expect(assigned.events.filter(({ organizationId }) => organizationId === world.sunfield)).toEqual([]);
  expect(viewer.events.some(({ topic }) => topic === 'platform')).toBe(false);
});

test('a lost notification is made good by the periodic check', async () => {
  await using world = await tenants();
  const { control, holders, staff, grants } = world;
  await world.certify(holders.operator);
  await using deaf = await startProcess(control, { ...control.connection, database: 'postgres' });
  using listener = await listenTo(deaf.url, holders.operator);
  await control.call(staff.administrator, 'DELETE', `/grants/${grants.operator}`);
  expect(await listener.next({ topic: 'routes' })).toBeDefined();
});

describe('the end of a session', () => {
  test.each([
    ['signed out', ['session']],
    ['the user deleted', ['session', 'token']],
    ['the token withdrawn', ['token']],
  ])('%s: the stream says so and ends', async (how, over) => {
    await using world = await tenants();
    const { control, root } = world;
    await using here = await startProcess(control);
    const person = await control.person('somebody@x.test');
    const made = created(
      await control.call<{ id: string; token: string }>(person, 'POST', '/tokens', { name: 't', scopes: ['read'] }),
    );
    using bySession = await listenTo(here.url, person);
    using byToken = await listenTo(here.url, { ...person, token: made.token });
    if (how === 'signed out') await control.call(person, 'DELETE', '/sessions/current');
    else if (how === 'the user deleted') await control.call(root, 'DELETE', `/users/${person.id}`);
    else await control.call(person, 'DELETE', `/tokens/${made.id}`);
    for (const listener of over.map((which) => (which === 'session' ? bySession : byToken))) {
      expect(await listener.next({ topic: 'session-ended' })).toBeDefined();
      await listener.ended;
    }
  });

  test('one that ends by its time, of which nothing tells', async () => {
    await using world = await tenants();
    const { control } = world;
    await using here = await startProcess(control);
    const person = await control.person('somebody@x.test');
    using listener = await listenTo(here.url, person);
    control.advance(80 * 3600 * 1000);
    expect(await listener.next({ topic: 'session-ended' })).toBeDefined();
    await listener.ended;
  });
});

test('what daemons say is told when it changes: an agent comes, falls silent; a gateway confirms', async () => {
  await using world = await tenants();
  const { control, holders, root } = world;
  const { db } = control.deps;
  await world.certify(holders.operator);
  const { no } = await db.selectFrom('plants').select('no').executeTakeFirstOrThrow();
  const keys = { identity_key: newKeyPair('ed25519').publicKey, tunnel_key: newKeyPair('x25519').publicKey };
  await db
    .insertInto('agents')
    .values({ plant_no: no, address: '100.80.0.9', ...keys })
    .execute();
  await db.insertInto('agent_status').values({ plant_no: no, seen_at: new Date() }).execute();
  await using here = await startProcess(control);
  using operator = await listenTo(here.url, holders.operator);
  using platform = await listenTo(here.url, root);
  await db.updateTable('agent_status').set({ connection: 7, seen_at: new Date() }).execute();
  await operator.next({ topic: 'routes' });
  await operator.next({ topic: 'plants', plantId: world.alpha });
  await platform.next({ topic: 'platform' });
  await addGateway(db);
  const { value: head } = await db.selectFrom('revision').select('value').executeTakeFirstOrThrow();
  operator.forget();
  await db.updateTable('gateway_status').set({ applied: head }).execute();
  await operator.next({ topic: 'revision', revision: head });
  await operator.next({ topic: 'routes' });
  operator.forget();
  // Nothing is written when it falls silent.
  expect(await operator.next({ topic: 'routes' })).toBeDefined();
  await operator.next({ topic: 'plants', plantId: world.alpha });
});

test('a client that comes back is told to read everything; a further stream than one may have is refused', async () => {
  await using world = await tenants();
  const { control, stranger } = world;
  await using here = await startProcess(control);
  using back = await listenTo(here.url, stranger, { 'last-event-id': '7' });
  await back.next({ topic: 'all' });
  expect(back.text()).toMatch(/^retry: \d+\nid: 0\n\n/);
  const open = [back];
  for (let count = 1; count < 20; count += 1) open.push(await listenTo(here.url, stranger));
  expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
  using refused = await listenTo(here.url, stranger);
  await refused.ended;
  expect(refused.status).toBe(429);
  expect(codeOf({ status: 429, headers: {}, json: JSON.parse(refused.text()), text: '' })).toBe('too-many-streams');
  for (const listener of open) listener[Symbol.dispose]();
  await expect.poll(() => here.app.streams.users()).toEqual([]);
});

test('ACC-8: an API token hears of what it may read', async () => {
  await using world = await tenants();
  const { control, staff } = world;
  await using here = await startProcess(control);
  const body = { name: 'r', scopes: ['routes'] };
  const { token } = created(await control.call<{ token: string }>(staff.administrator, 'POST', '/tokens', body));
  using listener = await listenTo(here.url, { ...staff.administrator, token });
  await world.certify(staff.administrator);
  // Each is awaited: what waits for a slow process is told as one.
  await listener.next({ topic: 'certificate' });
  await world.post(staff.administrator, `/plants/${world.alpha}/devices`, { name: 'New', address: '192.168.1.77' });
  await world.post(staff.administrator, `/plants/${world.alpha}/subnets`, { network: '10.7.0.0/24' });
  await change(control.deps.db, (tx, revision) => revokeCertificate(tx, revision, staff.administrator.id, new Date()));
  await listener.next({ topic: 'certificate' });
  expect(listener.events.filter(({ topic }) => topic === 'plants' || topic === 'organization')).toEqual([]);
});

test('a slow reader’s events are merged: what waits is a set of topics', async () => {
  const out = new PassThrough({ highWaterMark: 1 });
  const via = { kind: 'token', id: 'x', expiresAt: null, networks: [] } as const;
  const stream = openStream({ userId: 'u', platformAdministrator: false, scopes: 'all', via }, out);
  for (let revision = 1; revision < 1000; revision += 1) {
    stream.tell(
      [{ topic: 'routes' }, { topic: 'plants', plantId: crypto.randomUUID() }, { topic: 'platform' }],
      revision,
    );
  }
  let text = '';
  out.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const heard = () => [...text.matchAll(/"topic":"([a-z]+)"/g)].map(([, topic]) => topic);
  // The first went out at once; what came after it is one set, and many plants are the list.
  await expect.poll(heard).toEqual(['routes', 'plants', 'routes', 'plants']);
  expect(text.match(/plantId/g)).toHaveLength(1);
});

test('a stop ends the streams and does not wait for them', async () => {
  await using world = await tenants();
  const here = await startProcess(world.control);
  using listener = await listenTo(here.url, world.stranger);
  await here[Symbol.asyncDispose]();
  await listener.ended;
  expect(here.app.streams.users()).toEqual([]);
});
