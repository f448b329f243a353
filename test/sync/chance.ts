/**
 * `test/sync` runs control, its database and the gateways' side of the sync for real, over connections that are cut, doubled and
 * late by the choice of a seed. What decides is drawn here; a failure names its seed, and `PARKWAY_SEED=<seed>` repeats it.
 */

/** Numbers that follow from a seed alone. */
export interface Chance {
  /** From 0 up to, but without, 1. */
  next(): number;
  /** An integer from 0 up to, but without, `below`. */
  below(below: number): number;
  /** True with this probability. */
  is(probability: number): boolean;
  /** One of these. Throws when there is none. */
  of<T>(values: readonly T[]): T;
  /** Another source that follows from this one: what is drawn from one moves nothing in the other. */
  fork(): Chance;
}

/** A source of numbers (mulberry32). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    is: (probability) => next() < probability,
    of: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('nothing to choose from');
      return value;
    },
    fork: () => chanceOf(below(2 ** 32)),
  };
}

/** The seeds to run with: these and a new one, or the one of `PARKWAY_SEED`. */
export function seeds(...fixed: readonly number[]): readonly number[] {
  const chosen = process.env['PARKWAY_SEED'];
  return chosen === undefined ? [...fixed, Math.floor(Math.random() * 2 ** 31)] : [Number(chosen)];
}
