/** The smallest installation that is described: about 30 people with 3 routes each. */
export const SMALLEST = 100;

/** The largest: a slot of the user pool has room for its people. */
export const LARGEST = 5_000_000;

/** How many of everything an installation of `size` routes has; see `scaleOf`. */
export interface Scale {
  readonly routes: number;
  /** Routes of one of them, about. */
  readonly perPerson: number;
  /** People with a certificate. */
  readonly holders: number;
  readonly plants: number;
}

/**
 * The rule of sizes. A person has min(100, √(size / 10)) routes, about: 10 of 1,000, 32 of 10,000, 100 from 100,000 on. People
 * with a certificate are size ÷ that: 100, 316, 1,000, and 10,000 of 1,000,000. There are as many plants. Throws RangeError for a
 * size that is not from SMALLEST to LARGEST.
 */
export function scaleOf(size: number): Scale {
  if (!Number.isInteger(size) || size < SMALLEST || size > LARGEST)
    throw new RangeError(`a size is a whole number from ${SMALLEST} to ${LARGEST}`);
  const perPerson = Math.min(100, Math.sqrt(size / 10));
  const holders = Math.round(size / perPerson);
  return { routes: size, perPerson, holders, plants: holders };
}
