/** The smallest installation that is described: about 30 people with 3 plants each. */
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
  /** Plants of organizations like any other. */
  readonly plants: number;
  /** Plants of the bench portfolio. */
  readonly benchPlants: number;
  /** People who hold the crowded portfolio, and its plants. */
  readonly crowd: { readonly people: number; readonly plants: number };
  /** People and plants of the cooperation that carries many. */
  readonly carried: { readonly people: number; readonly plants: number };
}

/**
 * The rule of sizes. A person has min(100, √(size / 10)) routes, about: 10 of 1,000, 32 of 10,000, 100 from 100,000 on. People
 * with a certificate are size ÷ that: 100, 316, 1,000, and 10,000 of 1,000,000. What benches need has its full size (a portfolio of
 * 1,000 plants; one of 10 plants with 500 people; 100 people × 200 plants) from 100,000 routes on and shrinks below with the people.
 * Plants are as many as people where those of the benches are few among them (10,000 of 1,000,000 routes), else up to twice as many.
 * Throws RangeError for a size that is not from SMALLEST to LARGEST.
 */
export function scaleOf(size: number): Scale {
  if (!Number.isInteger(size) || size < SMALLEST || size > LARGEST)
    throw new RangeError(`a size is a whole number from ${SMALLEST} to ${LARGEST}`);
  const perPerson = Math.min(100, Math.sqrt(size / 10));
  const holders = Math.round(size / perPerson);
  const benchPlants = Math.min(1000, holders);
  const crowd = { people: Math.min(500, Math.floor(holders / 2)), plants: Math.max(1, Math.floor(perPerson / 10)) };
  const carried = { people: Math.min(100, Math.floor(holders / 10)), plants: Math.min(200, Math.floor(holders / 5)) };
  const plants = Math.max(Math.round(0.85 * holders), holders - benchPlants - crowd.plants - carried.plants);
  return { routes: size, perPerson, holders, plants, benchPlants, crowd, carried };
}
