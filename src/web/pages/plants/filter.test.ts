import { expect, test } from 'vitest';
import { filterPlants, portfoliosOf } from './filter.ts';

const plant = (name: string, agent: 'connected' | 'disconnected' | 'none', portfolio: string) => ({
  id: name,
  name,
  organization: { id: 'o', name: 'Sunfield Energy' },
  portfolio: { id: portfolio, name: portfolio },
  role: 'operator' as const,
  agent,
  createdAt: '2026-11-01T00:00:00Z',
});
const plants = [
  plant('Solarpark Brandis', 'connected', 'Saxony'),
  plant('Windpark Templin', 'disconnected', 'Uckermark'),
  plant('Battery Döbeln', 'none', 'Saxony'),
];
const names = (filter: Partial<Parameters<typeof filterPlants>[1]>) =>
  filterPlants(plants, { text: '', portfolioId: '', state: '', ...filter }).map(({ name }) => name);

test('all words must occur, in whichever name, in any case', () => {
  expect(names({ text: 'sax SOLAR' })).toEqual(['Solarpark Brandis']);
  expect(names({ text: 'sunfield' })).toHaveLength(3);
  expect(names({ text: 'sunfield nothing' })).toEqual([]);
});

test('portfolio and state narrow it further', () => {
  expect(names({ portfolioId: 'Saxony' })).toEqual(['Solarpark Brandis', 'Battery Döbeln']);
  expect(names({ portfolioId: 'Saxony', state: 'pending' })).toEqual(['Battery Döbeln']);
  expect(names({ state: 'down' })).toEqual(['Windpark Templin']);
});

test('each portfolio is a choice once', () => {
  expect(portfoliosOf(plants).map(({ label }) => label)).toEqual([
    'Sunfield Energy, Saxony',
    'Sunfield Energy, Uckermark',
  ]);
});
