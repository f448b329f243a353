import { expect, test } from 'vitest';
import { type Route, countsOf, forksOf, rowsOf } from './route-rows.ts';

const ALL = { text: '', portfolioId: '', status: '' };

function route(plantName: string, portfolio: string, network: string, more: Partial<Route> = {}): Route {
  return {
    subnetId: `${plantName} ${network}`,
    plantId: plantName,
    plantName,
    portfolio: { id: portfolio, name: portfolio },
    organization: { id: 'o', name: 'Sunfield Energy' },
    network,
    alias: null,
    status: 'active',
    reason: '',
    contested: [],
    paused: false,
    since: 1,
    revision: 1,
    ...more,
  };
}

const part = (range: string, owner: string, mine: boolean) => ({
  range,
  ownerPlantId: owner,
  ownerPlantName: owner,
  mine,
});
const range = '192.168.1.0/24';
const routes = [
  route('Brandis', 'Saxony', range, { contested: [part(range, 'Brandis', true)], alias: '100.97.14.0/24' }),
  route('Döbeln', 'Saxony', '10.16.0.0/12', { contested: [part('10.17.0.0/16', 'Almería', false)] }),
  route('Almería', 'Andalusia', '10.17.0.0/16', { contested: [part('10.17.0.0/16', 'Almería', true)] }),
  route('Prenzlau', 'Uckermark', range, { status: 'conflict', contested: [part(range, 'Brandis', false)] }),
  route('Templin', 'Uckermark', '10.40.8.0/24', { status: 'unreachable' }),
];
const keys = (filter: Partial<typeof ALL>) => rowsOf(routes, { ...ALL, ...filter }).map(({ key }) => key);

test('VPN-9: a fork names the winner and the losers; a range inside a larger network is none', () => {
  expect(forksOf(routes).map((fork) => [fork.range, fork.winner?.plantName, fork.losers.length])).toEqual([
    [range, 'Brandis', 1],
  ]);
});

test('VPN-13: conflicts come first, then portfolio by portfolio; what a fork shows is not shown again', () => {
  expect(keys({})).toEqual([
    `fork ${range}`,
    'group Saxony',
    'Döbeln 10.16.0.0/12',
    'group Andalusia',
    'Almería 10.17.0.0/16',
    'group Uckermark',
    'Templin 10.40.8.0/24',
  ]);
});

test('VPN-13: text, portfolio and status narrow it; a fork stays when any of its plants fits', () => {
  expect(keys({ text: 'prenz' })).toEqual([`fork ${range}`]);
  expect(keys({ text: '100.97.14' })).toEqual([`fork ${range}`]);
  expect(keys({ status: 'unreachable' })).toEqual(['group Uckermark', 'Templin 10.40.8.0/24']);
  expect(keys({ portfolioId: 'Andalusia' })).toEqual(['group Andalusia', 'Almería 10.17.0.0/16']);
  expect(keys({ text: 'sunfield 10.17' })).toEqual(['group Andalusia', 'Almería 10.17.0.0/16']);
});

test('VPN-12: each status is counted', () => {
  expect(countsOf(routes)).toEqual({ active: 3, conflict: 1, unreachable: 1, paused: 0 });
});

test('VPN-13: 10,000 routes are arranged in an instant', () => {
  const many = Array.from({ length: 10_000 }, (_, n) =>
    route(`Park ${String(n)}`, `Portfolio ${String(n % 50)}`, `10.${String(n % 256)}.0.0/16`),
  );
  expect(rowsOf(many, { ...ALL, text: 'park' })).toHaveLength(10_050);
});
