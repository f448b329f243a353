import { describe, expect, it } from 'vitest';
import { latenciesOf, oddRounds } from './sync.ts';

describe('the time of an acknowledgement', () => {
  const seen = [
    { at: 100, revision: 5 },
    { at: 110, revision: 8 },
  ];

  it('is that of the first look at which the revision or a later one was held', () => {
    const changes = [5, 6, 8].map((revision) => ({ at: 95, revision }));
    expect(latenciesOf(changes, seen)).toEqual([5, 15, 15]);
  });

  it('is none when it was there before the answer', () => {
    expect(latenciesOf([{ at: 104, revision: 5 }], seen)).toEqual([0]);
  });

  it('must have been seen', () => {
    expect(() => latenciesOf([{ at: 1, revision: 9 }], seen)).toThrow(RangeError);
  });
});

describe('the changes that a gateway misses', () => {
  it('are 100,000 at least, and leave every route other than it was', () => {
    for (const routes of [100, 1000, 3333, 50_000, 100_000]) {
      expect(oddRounds(routes) * routes).toBeGreaterThanOrEqual(100_000);
      expect(oddRounds(routes) % 2).toBe(1);
    }
    expect(oddRounds(100_000)).toBe(1);
  });
});
