import { SIZES, asGrowth } from './growth.ts';
import type { Figure } from './results.ts';

/** Something that is measured in one go. */
export interface Bench {
  /** The beginnings of its figures' ids. */
  readonly ids: readonly string[];
  readonly run: (size: number, runs: number) => Promise<Figure[]>;
  /** How many runs it makes at each size for `growth`; undefined when its figures do not depend on the size. */
  readonly growthRuns: number | undefined;
}

/** What is asked for: ids, or beginnings of some up to a dot, or nothing for all. */
export interface Wish {
  readonly bench: string;
  readonly size: number;
  readonly runs: number;
}

/** A bench at a size. */
export interface Job {
  readonly bench: Bench;
  readonly size: number;
  readonly runs: number;
  /** Only points of `growth` come of it. */
  readonly isGrowth: boolean;
}

/**
 * What is to be done for a wish: the benches at its size, and for `growth` those that depend on the size at every smaller size, and
 * at its own where they do not run anyway. Empty when there is no such bench.
 */
export function jobsOf(benches: readonly Bench[], { bench: wanted, size, runs }: Wish): Job[] {
  const [first = '', second] = wanted.split('.');
  const chosen = benches.filter(({ ids }) => first === '' || ids.includes(first));
  const growing = benches.filter(
    ({ ids }) => first === '' || (first === 'growth' && (second === undefined || ids.includes(second))),
  );
  const growth = SIZES.filter((one) => one <= size).flatMap((one) =>
    growing.flatMap((bench): Job[] => {
      const isDone = one === size && chosen.includes(bench);
      if (bench.growthRuns === undefined || isDone) return [];
      return [{ bench, size: one, runs: bench.growthRuns, isGrowth: true }];
    }),
  );
  return [...chosen.map((bench) => ({ bench, size, runs, isGrowth: false })), ...growth];
}

/** What is kept of a job's figures: themselves with the size at which they were taken, and what they are of `growth`. */
export function keptOf({ bench, size, isGrowth }: Job, figures: readonly Figure[]): Figure[] {
  if (bench.growthRuns === undefined) return [...figures];
  const growth = asGrowth(figures, size);
  if (isGrowth) return growth;
  const sizes = bench.ids.map((id) => ({ id: `${id}.size`, value: size, unit: 'routes', runs: 1 }));
  return [...figures, ...sizes, ...growth];
}

/** What a job is called. */
export function titleOf({ bench, size, runs, isGrowth }: Job): string {
  const name = `${isGrowth ? 'growth of ' : ''}${bench.ids.join(', ')}`;
  return bench.growthRuns === undefined ? `${name}, ${runs} runs` : `${name} at ${size} routes, ${runs} runs`;
}
