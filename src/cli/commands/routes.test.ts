import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouteJson } from '../../wire/rest/routes.ts';
import { type Stub, page, startStub } from '../stub.ts';
import { pickRoute, routeTable } from './routes.ts';

const named = (name: string) => ({ id: randomUUID(), name });

function route(plantName: string, network: string, other: Partial<RouteJson> = {}): RouteJson {
  return {
    subnetId: randomUUID(),
    plantId: randomUUID(),
    plantName,
    portfolio: named('South'),
    organization: named('Sunfield'),
    network,
    alias: '100.96.0.0/24',
    status: 'active',
    reason: 'Everything is up.',
    contested: [],
    paused: false,
    since: 3,
    revision: 3,
    ...other,
  };
}

const first = route('Ackerland', '192.168.1.0/24');
const second = route('Sonnfeld', '192.168.1.0/24', {
  status: 'conflict',
  reason: 'Ackerland owns the range.',
  contested: [{ range: '192.168.1.0/24', ownerPlantId: first.plantId, ownerPlantName: 'Ackerland', mine: false }],
});
const third = route('Sonnfeld', '10.0.0.0/24', { plantId: second.plantId, organization: named('Windhof') });

describe('routeTable', () => {
  it('puts conflicts first, then groups by organization, portfolio and plant (VPN-13)', () => {
    const rows = routeTable([third, first, second]).rows.map(([organization, , plant, network, , status]) =>
      [organization, plant, network, status].join(' '),
    );
    expect(rows).toEqual([
      'Sunfield Sonnfeld 192.168.1.0/24 conflict',
      'Sunfield Ackerland 192.168.1.0/24 active',
      'Windhof Sonnfeld 10.0.0.0/24 active',
    ]);
  });
});

describe('pickRoute', () => {
  const routes = [first, second, third];

  it.each([
    ['a subnet id', third.subnetId, undefined, third],
    ['a plant with one subnet', 'ackerland', undefined, first],
    ['a plant and a network', 'Sonnfeld', '10.0.0.0/24', third],
    ['plant:network', 'Sonnfeld:192.168.1.0/24', undefined, second],
    ['organization/plant', 'Windhof/Sonnfeld', undefined, third],
  ])('understands %s', (_what, text, network, expected) => {
    expect(pickRoute(routes, text, network)).toBe(expected);
  });

  it('names the candidates when several fit, and says so when none does', () => {
    expect(() => pickRoute(routes, 'Sonnfeld')).toThrow(second.subnetId);
    expect(() => pickRoute(routes, 'Nowhere')).toThrow('no route');
  });
});

describe('parkway routes', () => {
  let stub: Stub;
  let confirmed: number;
  beforeEach(async () => {
    confirmed = 0;
    stub = await startStub({
      'GET /routes': ({ query }) =>
        query.get('cursor') === null ? { body: { items: [first], next: 'more' } } : page(second, third),
      [`POST /routes/${second.subnetId}/use`]: () => ({ body: { ...second, status: 'active' }, revision: 41 }),
      [`POST /routes/${first.subnetId}/pause`]: () => ({ body: { ...first, status: 'paused' }, revision: 42 }),
      'GET /revisions/41': () => {
        confirmed += 1;
        const gateways = ['gw-eu-1', 'gw-eu-2'].map((name, at) => ({ name, applied: 41, confirmed: at < confirmed }));
        return { body: { revision: 41, gateways, agents: [], confirmed: confirmed === 2 } };
      },
    });
  });
  afterEach(() => stub.close());

  it('reads every page, and prints all of them as one list with --json', async () => {
    expect((await stub.call(['routes'])).out.trim().split('\n')).toHaveLength(4);
    expect(JSON.parse((await stub.call(['routes', '--json'])).out)).toEqual({
      items: [first, second, third],
      next: null,
    });
  });

  it('says what "use" ends, and asks a person', async () => {
    const no = await stub.call(['routes', 'use', 'Sonnfeld', '192.168.1.0/24'], { answers: ['no'] });
    expect(no.exit).toBe(2);
    expect(no.err).toContain('Ackerland in 192.168.1.0/24');
    expect(stub.asked.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('waits with --wait until every gateway has confirmed', async () => {
    const call = await stub.call(['routes', 'use', 'Sonnfeld:192.168.1.0/24', '--wait']);
    expect(call.exit).toBe(0);
    expect(call.out).toContain('in effect on 2 of 2');
    expect(confirmed).toBe(2);
  });

  it('pauses by plant name', async () => {
    const call = await stub.call(['routes', 'pause', 'Ackerland']);
    expect(call).toMatchObject({ exit: 0, out: 'Ackerland:192.168.1.0/24 is paused.\n' });
  });
});
