import { describe, expect, it } from 'vitest';
import { cidr, formatCidr } from '../net/cidr.ts';
import { formatIp, parseIp } from '../net/ip.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { contests } from './contests.ts';
import { type RouteFacts, deriveRoutes, lookup, routeTable } from './routes.ts';

const NORTH = { subnet: 1, plant: 10, network: cidr('192.168.1.0/24'), range: cidr('100.96.1.0/24'), since: 1 };
const SOUTH = { subnet: 2, plant: 20, network: cidr('192.168.1.0/24'), range: cidr('100.96.2.0/24'), since: 1 };
const WIDE = { subnet: 3, plant: 30, network: cidr('10.16.0.0/12'), range: cidr('240.16.0.0/12'), since: 1 };
const INNER = { subnet: 4, plant: 40, network: cidr('10.17.0.0/16'), range: cidr('240.32.0.0/16'), since: 1 };
const subnets = [NORTH, SOUTH, WIDE, INNER];

function routesOf(reach: RouteFacts['reach'], settings: RouteFacts['settings'] = []) {
  const routes = deriveRoutes({ reach, subnets, settings }, DEFAULT_POOLS);
  return new Map(routes.map((route) => [route.subnet, route]));
}

function destination(routes: ReturnType<typeof routesOf>, address: string): string | undefined {
  const ip = parseIp(address);
  const found = ip === undefined ? undefined : lookup(routeTable([...routes.values()]), ip);
  return found && `${found.plant} ${formatIp(found.address)}`;
}

describe('the routes of a user', () => {
  it('are the subnets of the plants within reach, and no others (VPN-5, VPN-7)', () => {
    const routes = routesOf([{ plant: 10, since: 5 }]);
    expect([...routes.keys()]).toEqual([1]);
    expect(destination(routes, '192.168.1.7')).toBe('10 192.168.1.7');
    expect(destination(routes, '100.96.1.7')).toBe('10 192.168.1.7');
    expect(destination(routes, '100.96.2.7')).toBeUndefined();
    expect(destination(routes, '10.17.0.1')).toBeUndefined();
  });

  it('of the same range: the first keeps it, both are reachable by alias (VPN-9, VPN-10)', () => {
    const routes = routesOf([
      { plant: 20, since: 6 },
      { plant: 10, since: 5 },
    ]);
    expect([...routes.values()].map(({ state }) => state)).toEqual(['owner', 'conflict']);
    expect(destination(routes, '192.168.1.7')).toBe('10 192.168.1.7');
    expect(destination(routes, '100.96.2.7')).toBe('20 192.168.1.7');
  });

  it('a subnet that came later than the access to its plant counts from when it came', () => {
    const late = { ...SOUTH, since: 9 };
    const reach = [
      { plant: 20, since: 2 },
      { plant: 10, since: 5 },
    ];
    const [north, south] = deriveRoutes({ reach, subnets: [late, NORTH], settings: [] }, DEFAULT_POOLS);
    expect([north?.state, south?.state]).toEqual(['owner', 'conflict']);
  });

  it('with a range inside a wider one: the wider is whole, then partly, and native pieces keep their place', () => {
    const reach = [
      { plant: 30, since: 5 },
      { plant: 40, since: 6 },
    ];
    expect(destination(routesOf(reach), '10.17.3.4')).toBe('30 10.17.3.4');
    const chosen = routesOf(reach, [{ subnet: 4, chosen: 7, paused: false }]);
    expect([...chosen.values()].map(({ state }) => state)).toEqual(['partly', 'owner']);
    expect(destination(chosen, '10.17.3.4')).toBe('40 10.17.3.4');
    expect(destination(chosen, '10.18.3.4')).toBe('30 10.18.3.4');
    expect(chosen.get(3)?.owned.map(({ network, range }) => [formatCidr(network), formatCidr(range)])).toEqual([
      ['10.16.0.0/16', '240.16.0.0/16'],
      ['10.18.0.0/15', '240.18.0.0/15'],
      ['10.20.0.0/14', '240.20.0.0/14'],
      ['10.24.0.0/13', '240.24.0.0/13'],
    ]);
  });

  it('paused: nothing passes by native or alias, and the range stays owned (VPN-11)', () => {
    const reach = [
      { plant: 10, since: 5 },
      { plant: 20, since: 6 },
    ];
    const routes = routesOf(reach, [{ subnet: 1, chosen: 0, paused: true }]);
    expect(routes.get(1)).toMatchObject({ paused: true, state: 'owner', enforced: { native: [], alias: [] } });
    expect(destination(routes, '192.168.1.7')).toBeUndefined();
    expect(destination(routes, '100.96.1.7')).toBeUndefined();
    expect(destination(routes, '100.96.2.7')).toBe('20 192.168.1.7');
  });

  it('a unique range outside the alias pool is nothing that a user may type', () => {
    const routes = routesOf([{ plant: 40, since: 5 }]);
    expect(routes.get(4)?.enforced.alias).toEqual([]);
    expect(destination(routes, '240.32.0.1')).toBeUndefined();
    expect(destination(routes, '10.17.0.1')).toBe('40 10.17.0.1');
  });

  it('are ordered by subnet number, and of two that came at once the lower number owns, however rows are read', () => {
    const reach = [
      { plant: 10, since: 5 },
      { plant: 20, since: 5 },
    ];
    const read = [
      [SOUTH, NORTH],
      [NORTH, SOUTH],
    ].map((rows) => deriveRoutes({ reach, subnets: rows, settings: [] }, DEFAULT_POOLS));
    for (const routes of read) {
      expect(routes.map(({ subnet, state }) => [subnet, state])).toEqual([
        [1, 'owner'],
        [2, 'conflict'],
      ]);
    }
  });
});

describe('contests (VPN-9)', () => {
  const everything = [10, 20, 30, 40].map((plant) => ({ plant, since: plant }));
  const named = (settings: RouteFacts['settings']) => {
    const found = contests([...routesOf(everything, settings).values()]);
    return Object.fromEntries(
      [...found].map(([subnet, list]) => [subnet, list.map(({ range, owner }) => `${formatCidr(range)} ${owner}`)]),
    );
  };

  it('name the owner of each contested range, to winners and losers', () => {
    expect(named([])).toEqual({
      1: ['192.168.1.0/24 1'],
      2: ['192.168.1.0/24 1'],
      3: ['10.17.0.0/16 3'],
      4: ['10.17.0.0/16 3'],
    });
  });

  it('follow a choice, and a paused owner is still the owner', () => {
    const found = named([
      { subnet: 4, chosen: 50, paused: true },
      { subnet: 2, chosen: 51, paused: false },
    ]);
    expect(found).toEqual({
      1: ['192.168.1.0/24 2'],
      2: ['192.168.1.0/24 2'],
      3: ['10.17.0.0/16 4'],
      4: ['10.17.0.0/16 4'],
    });
  });

  it('name several owners where a lost range is divided', () => {
    const half = { subnet: 5, plant: 10, network: cidr('10.17.0.0/17'), range: cidr('240.64.0.0/17'), since: 1 };
    const facts = {
      reach: everything,
      subnets: [INNER, WIDE, half],
      settings: [
        { subnet: 4, chosen: 60, paused: false },
        { subnet: 5, chosen: 61, paused: false },
      ],
    };
    const found = contests(deriveRoutes(facts, DEFAULT_POOLS));
    const names = (subnet: number) => found.get(subnet)?.map(({ range, owner }) => `${formatCidr(range)} ${owner}`);
    expect(names(3)).toEqual(['10.17.0.0/17 5', '10.17.128.0/17 4']);
    expect(names(4)).toEqual(['10.17.0.0/17 5', '10.17.128.0/17 4']);
    expect(names(5)).toEqual(['10.17.0.0/17 5']);
  });

  it('are none where nobody else claims anything', () => {
    const routes = deriveRoutes({ reach: everything, subnets: [NORTH, WIDE], settings: [] }, DEFAULT_POOLS);
    expect(contests(routes).size).toBe(0);
  });
});
