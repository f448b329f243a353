import { expect, test } from 'vitest';
import { pauseAfter, startSweep } from './sweep.ts';

const log = () => {
  const lines: unknown[] = [];
  return { lines, debug: (line: unknown) => void lines.push(line) };
};

test('a large unit is followed by a pause that keeps to the share of a core; a small one comes again soon', () => {
  const sweep = { pauseMs: 1000, share: 0.02 };
  expect(pauseAfter(sweep, 50_000, 800)).toBe(39_200);
  expect(pauseAfter(sweep, 50_000, 5)).toBe(1000);
  expect(pauseAfter(sweep, 10, 800)).toBe(1000);
});

test('units are compared in turn, one that fails keeps no other from it, and a round is logged', async () => {
  const seen: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const { lines, debug } = log();
  const compare = async (unit: number) => {
    seen.push(unit);
    if (seen.length === 5) resolve();
    if (unit === 2) throw new Error('cannot be read');
    return 10;
  };
  const sweep = startSweep({ name: 'x', units: () => [1, 2, 3], compare, pauseMs: 1, share: 1 }, { debug });
  await promise;
  await sweep.stop();
  expect(seen.slice(0, 5)).toEqual([1, 2, 3, 1, 2]);
  expect(lines).toContainEqual(expect.objectContaining({ sweep: 'x', units: 3, entries: 20 }));
});
