import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reply, type Stub, page, problem, startStub } from './stub.ts';

const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const sunfield = { id: id(1), name: 'Sunfield', createdAt: '2026-11-20T12:00:00.000Z', role: 'administrator' };
const windhof = { ...sunfield, id: id(2), name: 'Windhof' };
const south = { id: id(3), name: 'South' };

function plant(which: number, name: string, organization: object): object {
  const createdAt = '2026-11-20T12:00:00.000Z';
  return { id: id(which), name, organization, portfolio: south, role: 'operator', agent: 'none', createdAt };
}

const eve = {
  userId: id(7),
  name: 'Eve',
  email: 'eve@sunfield.test',
  role: 'member',
  invited: false,
  createdAt: sunfield.createdAt,
};
const grant = {
  id: id(8),
  organizationId: id(1),
  user: { id: id(7), name: 'Eve', email: eve.email },
  plant: { id: id(4), name: 'Sonnfeld' },
  portfolio: null,
  role: 'operator',
  createdAt: sunfield.createdAt,
};

let stub: Stub;
let plants: () => Reply;

beforeEach(async () => {
  plants = () => page(plant(4, 'Sonnfeld', sunfield), plant(5, 'Acker', sunfield), plant(6, 'Acker', windhof));
  stub = await startStub({
    'GET /plants': () => plants(),
    [`GET /plants/${id(9)}`]: () => problem('not-found', 'The stub knows no such plant.'),
    'GET /organizations': () => page(sunfield, windhof),
    [`GET /organizations/${id(1)}/members`]: () => page(eve),
    [`GET /organizations/${id(1)}/grants`]: () =>
      page({ ...grant, id: randomUUID(), plant: null, portfolio: south }, grant),
    [`POST /organizations/${id(1)}/grants`]: () => ({ status: 201, body: grant, revision: 9 }),
    [`DELETE /grants/${id(8)}`]: () => ({ revision: 10 }),
    [`POST /plants/${id(4)}/subnets`]: () => problem('subnet-not-private', '8.8.8.0/24 is public.'),
  });
});
afterEach(() => stub.close());

const sent = () =>
  stub.asked.filter(({ method }) => method !== 'GET').map(({ method, path, text }) => [method, path, text]);

describe('exit codes', () => {
  it('is 0 when it went well, and for help', async () => {
    expect(await stub.call(['plants'])).toMatchObject({ exit: 0, err: '' });
    expect(await stub.call(['grants', 'add', '--help'])).toMatchObject({ exit: 0, err: '' });
    expect(await stub.call(['--help'])).toMatchObject({ exit: 0, err: '' });
  });

  it('is 1 when the server refuses, with its title, detail and code on standard error', async () => {
    expect(await stub.call(['subnets', 'add', 'Sonnfeld', '8.8.8.0/24'])).toEqual({
      exit: 1,
      out: '',
      err: 'parkway: The subnet is outside the private ranges. 8.8.8.0/24 is public. (subnet-not-private)\n',
    });
  });

  it.each([
    ['an unknown command', ['plantz']],
    ['an unknown verb', ['plants', 'destroy', 'x', 'y']],
    ['a missing argument', ['subnets', 'add']],
    ['a missing option', ['grants', 'add', '--user', 'eve']],
    ['an unknown option', ['plants', '--colour']],
    ['a role that does not exist', ['grants', 'add', '--user', 'eve', '--plant', 'x', '--role', 'owner']],
    ['neither a plant nor a portfolio', ['grants', 'add', '--user', 'eve', '--role', 'viewer']],
  ])('is 2 for %s, and nothing is changed', async (_what, words) => {
    const call = await stub.call(words);
    expect(call).toMatchObject({ exit: 2, out: '' });
    expect(call.err).toMatch(/^parkway: /);
    expect(sent()).toEqual([]);
  });

  it('is 2 where no server is known', async () => {
    expect(await stub.call(['plants'], { signedOut: true })).toMatchObject({ exit: 2 });
  });

  it('is 3 when nobody listens, or what answers is not Parkway', async () => {
    const gone = await startStub({});
    await gone.close();
    expect(await stub.call(['plants'], { url: gone.url })).toMatchObject({ exit: 3 });
    plants = () => ({ status: 502, raw: '<html>Bad gateway</html>' });
    expect(await stub.call(['plants'])).toMatchObject({ exit: 3 });
    plants = () => ({ body: { hello: 'world' } });
    expect(await stub.call(['plants'])).toMatchObject({ exit: 3 });
    plants = () => ({ status: 302, raw: '' });
    expect(await stub.call(['plants'])).toMatchObject({ exit: 3 });
  });
});

describe('names', () => {
  it('stand for ids everywhere', async () => {
    const words = ['--user', 'EVE@sunfield.test', '--plant', 'sonnfeld'];
    expect(await stub.call(['grants', 'add', ...words, '--role', 'operator'])).toMatchObject({ exit: 0 });
    expect(await stub.call(['grants', 'remove', ...words])).toMatchObject({ exit: 0 });
    expect(sent()).toEqual([
      ['POST', `/organizations/${id(1)}/grants`, JSON.stringify({ userId: id(7), plantId: id(4), role: 'operator' })],
      ['DELETE', `/grants/${id(8)}`, ''],
    ]);
  });

  it('that fit several things are refused with the ids of all of them', async () => {
    const call = await stub.call(['subnets', 'Acker']);
    expect(call.exit).toBe(2);
    expect(call.err).toContain(id(5));
    expect(call.err).toContain(id(6));
  });

  it('that fit nothing are refused, and an id is left to the server to judge', async () => {
    expect(await stub.call(['plants', 'show', 'Nowhere'])).toMatchObject({ exit: 1 });
    expect((await stub.call(['plants', 'show', 'Sonn'])).err).toContain('There is: Sonnfeld, Sunfield/Sonnfeld.');
    const call = await stub.call(['plants', 'show', id(9)]);
    expect(call).toMatchObject({ exit: 1 });
    expect(call.err).toContain('(not-found)');
  });

  it('of an organization must be said when there are several', async () => {
    const call = await stub.call(['members']);
    expect(call.exit).toBe(2);
    expect(call.err).toContain('Sunfield, Windhof');
    expect(await stub.call(['members', '--organization', 'sunfield'])).toMatchObject({ exit: 0 });
  });
});

describe('requests', () => {
  it('carry the token in the header alone, and a key of their own when they make something', async () => {
    await stub.call(['plants']);
    await stub.call(['grants', 'add', '--user', eve.email, '--plant', 'Sonnfeld', '--role', 'viewer']);
    const post = stub.asked.find(({ method }) => method === 'POST');
    expect(post?.headers).toMatchObject({ authorization: 'Bearer session-token' });
    expect(post?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(stub.asked.map(({ path, query }) => path + query.toString()).join()).not.toContain('session-token');
  });
});
