import { describe, expect, it } from 'vitest';
import { type Bench, jobsOf, keptOf, titleOf } from './plan.ts';

const bench = (ids: readonly string[], growthRuns: number | undefined): Bench => ({
  ids,
  growthRuns,
  run: () => Promise.resolve([]),
});
const access = bench(['grant', 'withdraw'], 25);
const sync = bench(['sync'], 10);
const throughput = bench(['throughput'], undefined);
const titles = (wish: { bench?: string; size?: number }) =>
  jobsOf([access, sync, throughput], { bench: '', size: 10_000, runs: 100, ...wish }).map(titleOf);

describe('the plan of a run', () => {
  it('is every bench at the size, and growth at the smaller ones', () => {
    expect(titles({})).toEqual([
      'grant, withdraw at 10000 routes, 100 runs',
      'sync at 10000 routes, 100 runs',
      'throughput, 100 runs',
      'growth of grant, withdraw at 1000 routes, 25 runs',
      'growth of sync at 1000 routes, 10 runs',
    ]);
  });

  it('of one id is its bench alone', () => {
    expect(titles({ bench: 'withdraw.p99' })).toEqual(['grant, withdraw at 10000 routes, 100 runs']);
    expect(titles({ bench: 'throughput' })).toEqual(['throughput, 100 runs']);
    expect(titles({ bench: 'gran' })).toEqual([]);
  });

  it('of growth has the size itself, too', () => {
    expect(titles({ bench: 'growth.sync' })).toEqual([
      'growth of sync at 1000 routes, 10 runs',
      'growth of sync at 10000 routes, 10 runs',
    ]);
    expect(titles({ bench: 'growth', size: 1000 })).toHaveLength(2);
  });
});

describe('what is kept', () => {
  const figures = [{ id: 'sync.ack.p99', value: 3, unit: 'ms', runs: 7 }];
  const ids = (size: number, isGrowth: boolean) =>
    keptOf({ bench: sync, size, runs: 1, isGrowth }, figures).map(({ id }) => id);

  it('of a bench are its figures, their size and their point of growth', () => {
    expect(ids(1000, false)).toEqual(['sync.ack.p99', 'sync.size', 'growth.sync.ack.p99@1000']);
  });

  it('of a size that is not plotted is no growth', () => {
    expect(ids(5000, false)).toEqual(['sync.ack.p99', 'sync.size']);
  });

  it('of growth is nothing else', () => {
    expect(ids(1000, true)).toEqual(['growth.sync.ack.p99@1000']);
  });

  it('of what knows no size are the figures alone', () => {
    expect(keptOf({ bench: throughput, size: 1000, runs: 1, isGrowth: false }, figures)).toEqual(figures);
  });
});
