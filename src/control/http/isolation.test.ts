import { expect, test } from 'vitest';
import type { Answer, Person } from '../../../test/control/app.ts';
import { type Tenants, tenants } from '../../../test/control/tenants.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** Bodies that are fine in form, so that what is refused is refused for the id in the path. */
const BODIES: Readonly<Record<string, object>> = {
  'PATCH /organizations/{id}': { name: 'Theirs' },
  'POST /organizations/{id}/members': { email: 'new@x.test', name: 'New', role: 'guest' },
  'PATCH /organizations/{id}/members/{userId}': { role: 'guest' },
  'POST /organizations/{id}/portfolios': { name: 'Theirs' },
  'PATCH /portfolios/{id}': { name: 'Theirs' },
  'POST /portfolios/{id}/plants': { name: 'Theirs' },
  'PATCH /plants/{id}': { name: 'Theirs' },
  'POST /plants/{id}/subnets': { network: '10.0.0.0/24' },
  'POST /plants/{id}/devices': { name: 'Theirs', address: '192.168.1.20' },
  'PATCH /devices/{id}': { name: 'Theirs' },
  'POST /organizations/{id}/grants': { userId: crypto.randomUUID(), plantId: crypto.randomUUID(), role: 'viewer' },
  'PATCH /grants/{id}': { role: 'operator' },
  'POST /organizations/{id}/cooperations': { partnerName: 'Helios' },
  'POST /cooperations/{id}/shares': { plantId: crypto.randomUUID(), cap: 'viewer' },
  'PATCH /shares/{id}': { cap: 'operator' },
  'POST /shares/{id}/assignments': { userId: crypto.randomUUID(), role: 'viewer' },
  'PATCH /assignments/{id}': { role: 'operator' },
};

/** An existing thing of Sunfield’s for the first part of a path. */
function idsOf(world: Tenants): Readonly<Record<string, string>> {
  return {
    organizations: world.sunfield,
    users: world.holders.operator.id,
    portfolios: world.south,
    plants: world.alpha,
    subnets: world.subnet,
    routes: world.subnet,
    devices: world.device,
    grants: world.grants.operator,
    cooperations: world.cooperation,
    shares: world.share,
    assignments: world.assignment,
  };
}

/** Every operation with an id in its path, from the document that clients get. Ids of machines belong to the platform. */
async function operations({ control, root }: Tenants): Promise<[Method, string][]> {
  const { json } = await control.call<Document>(root, 'GET', '/openapi.json');
  const all = Object.entries(json.paths).flatMap(([path, methods]) =>
    (['GET', 'POST', 'PATCH', 'DELETE'] as const)
      .filter((method) => method.toLowerCase() in methods)
      .map((method): [Method, string] => [method, path.replace('/api/v1', '')]),
  );
  return all.filter(([, path]) => path.includes('{') && !/^\/(platform|revisions)\//.test(path));
}

/** The same operation on the foreign thing and on one that does not exist. */
async function both(
  world: Tenants,
  who: Person,
  [method, path]: readonly [Method, string],
  ids: Readonly<Record<string, string>>,
): Promise<[Answer, Answer]> {
  const kind = path.split('/')[1] ?? '';
  const call = (id: string, userId: string) =>
    world.control.call(
      who,
      method,
      path.replace(/\{(id|subnetId)\}/, id).replace('{userId}', userId),
      BODIES[`${method} ${path}`],
    );
  const theirs = await call(ids[kind] ?? `nothing known of ${kind}`, world.holders.operator.id);
  return [theirs, await call(crypto.randomUUID(), crypto.randomUUID())];
}

test('a thing of another organization answers in every endpoint exactly like one that does not exist', async () => {
  await using world = await tenants();
  const { stranger, control } = world;
  const own = await control.call<{ id: string }>(world.root, 'POST', '/tokens', { name: 'n', scopes: ['read'] });
  const { items } = (await control.call<{ items: { id: string }[] }>(world.root, 'GET', '/sessions')).json;
  const identity = await control.deps.db
    .insertInto('identities')
    .values({ user_id: world.root.id, issuer: 'https://login.test', subject: 'root', email: null })
    .returning('id')
    .executeTakeFirstOrThrow();
  const ids = { ...idsOf(world), me: identity.id, tokens: own.json.id, sessions: items[0]?.id ?? '' };
  const before = await world.everything();
  const all = await operations(world);
  expect(all.length).toBeGreaterThan(40);
  for (const operation of all) {
    const [theirs, unknown] = await both(world, stranger, operation, ids);
    const [name, status] = [operation.join(' '), theirs.status];
    // Whoever is no platform administrator deletes no organization, and is told so before anything is looked up.
    expect([name, status]).toEqual([name, name === 'DELETE /organizations/{id}' ? 403 : 404]);
    expect([name, theirs.text]).toEqual([name, unknown.text]);
  }
  expect(await world.everything()).toBe(before);
});

test('nobody without an account learns anything either', async () => {
  await using world = await tenants();
  const ids = { ...idsOf(world), tokens: crypto.randomUUID(), sessions: crypto.randomUUID() };
  for (const operation of await operations(world)) {
    const [theirs] = await both(world, { id: '', email: '', token: 'pws_unknown' }, operation, ids);
    expect([operation.join(' '), theirs.status]).toEqual([operation.join(' '), 401]);
  }
});

test('ids of another organization in a body are answered like unknown ones', async () => {
  await using world = await tenants();
  const { control, stranger, elsewhere, partner } = world;
  const portfolio = await world.post(stranger, `/organizations/${elsewhere}/portfolios`, { name: 'Own' });
  const plant = await world.post(stranger, `/portfolios/${portfolio.id}/plants`, { name: 'Own' });
  const cooperation = await world.post(stranger, `/organizations/${elsewhere}/cooperations`, { partnerName: 'Helios' });
  await world.post(partner, `/cooperations/${cooperation.id}/accept`);
  const share = await world.post(stranger, `/cooperations/${cooperation.id}/shares`, {
    plantId: plant.id,
    cap: 'operator',
  });
  const grants = `/organizations/${elsewhere}/grants`;
  const shares = `/cooperations/${cooperation.id}/shares`;
  const [role, cap] = ['viewer', 'viewer'];
  const before = await world.everything();
  for (const [who, method, path, theirs, unknown] of [
    [
      stranger,
      'POST',
      grants,
      { userId: stranger.id, plantId: world.alpha, role },
      { userId: stranger.id, plantId: crypto.randomUUID(), role },
    ],
    [
      stranger,
      'POST',
      grants,
      { userId: stranger.id, portfolioId: world.south, role },
      { userId: stranger.id, portfolioId: crypto.randomUUID(), role },
    ],
    [
      stranger,
      'POST',
      grants,
      { userId: world.technician.id, plantId: plant.id, role },
      { userId: crypto.randomUUID(), plantId: plant.id, role },
    ],
    [stranger, 'POST', shares, { plantId: world.alpha, cap }, { plantId: crypto.randomUUID(), cap }],
    [stranger, 'POST', shares, { portfolioId: world.south, cap }, { portfolioId: crypto.randomUUID(), cap }],
    [stranger, 'PATCH', `/plants/${plant.id}`, { portfolioId: world.south }, { portfolioId: crypto.randomUUID() }],
    [
      partner,
      'POST',
      `/shares/${share.id}/assignments`,
      { userId: stranger.id, role },
      { userId: crypto.randomUUID(), role },
    ],
  ] as const) {
    const answer = await control.call(who, method, path, theirs);
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).toBe((await control.call(who, method, path, unknown)).text);
  }
  expect(await world.everything()).toBe(before);
});

test('lists show nothing of other organizations', async () => {
  await using world = await tenants();
  const { control, stranger, technician, elsewhere } = world;
  const names = async (who: Person, path: string) =>
    (await control.call<{ items: { name: string }[] }>(who, 'GET', path)).json.items.map(({ name }) => name);
  expect(await names(stranger, '/organizations')).toEqual(['Elsewhere']);
  expect(await names(stranger, '/plants')).toEqual([]);
  expect(await names(stranger, `/organizations/${elsewhere}/portfolios`)).toEqual([]);
  expect(await names(technician, '/organizations')).toEqual(['Helios']);
  expect(await names(technician, '/plants')).toEqual(['Alpha']);
});
