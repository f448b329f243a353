import { type Book, READING, bookOf, organizationOf, within } from './book.ts';
import type { Assignment, Cooperation, Grant, Index, Setting, Share } from './model.ts';
import type { Estate } from './organizations.ts';
import type { Staff, Worker } from './people.ts';
import { type Random, randomOf, shuffled } from './random.ts';
import type { Scale } from './scale.ts';
import { serve } from './service.ts';

/** Who was given what. */
export interface Access {
  readonly grants: readonly Grant[];
  readonly cooperations: readonly Cooperation[];
  readonly shares: readonly Share[];
  readonly assignments: readonly Assignment[];
  readonly settings: readonly Setting[];
  readonly routes: number;
}

/** Most plants that somebody who has portfolios is given singly. */
const SINGLY = 10;
/** The part of the members who are given plants singly, and nothing else. */
const BY_PLANT = 0.1;

/**
 * Gives roles until there are `scale.routes` routes: leaders and small organizations first, then service companies, then the
 * members of larger operators, who have more or fewer, and together what is left.
 */
export function giveAccess(seed: number, scale: Scale, estate: Estate, people: Staff, changes: number): Access {
  const random = randomOf(seed, 'access');
  const book = bookOf(estate, people, random, changes);
  for (const { person, organization } of people.leaders)
    book.reach(person, organizationOf(estate, organization).plants);
  for (const worker of people.few) employ(book, estate, random, worker, scale.perPerson, 'loosely');
  serve(book, estate, random, people.serving, scale);
  for (const [n, worker] of people.many.entries()) {
    const left = scale.routes - book.routes();
    const part = (left / (people.many.length - n)) * random.pick([0.6, 0.8, 1, 1.2, 1.4]);
    employ(book, estate, random, worker, Math.min(left, part), 'loosely');
  }
  // Some could not take their part, for operators have only so many plants.
  for (const worker of people.many.toReversed()) {
    const part = Math.min(scale.routes - book.routes(), Math.ceil(scale.perPerson / 4));
    employ(book, estate, random, worker, part, 'exactly');
  }
  for (const { person, organization } of people.readers) {
    const { portfolios } = organizationOf(estate, organization);
    book.grant(organization, person, { portfolio: within(random, portfolios) }, random.pick(READING));
  }
  const { grants, cooperations, shares, assignments } = book;
  const settings = set(book, estate, people, random, changes);
  return { grants, cooperations, shares, assignments, settings, routes: book.routes() };
}

/** Gives a member portfolios of the own organization, then single plants, until there are `wanted` routes more. */
function employ(
  book: Book,
  estate: Estate,
  random: Random,
  worker: Worker,
  wanted: number,
  how: 'loosely' | 'exactly',
) {
  const { person, organization } = worker;
  const { portfolios, plants } = organizationOf(estate, organization);
  const goal = book.routes() + wanted;
  const missing = () => goal - book.routes();
  const subnets = (plant: Index) => estate.plants[plant]?.subnets.count ?? 0;
  const given = new Set<Index>();
  const tries = how === 'exactly' || random.chance(BY_PLANT) ? 0 : 4;
  for (let n = 0; n < tries && missing() > 0; n += 1) {
    const portfolio = within(random, portfolios);
    if (given.has(portfolio) || subnetsIn(estate, portfolio) > missing()) continue;
    given.add(portfolio);
    book.grant(organization, person, { portfolio }, 'operator');
  }
  const most = given.size === 0 ? plants.count : SINGLY;
  const first = random.below(plants.count);
  for (let n = 0, singly = 0; n < plants.count && singly < most && missing() > 0; n += 1) {
    const plant = plants.first + ((first + n) % plants.count);
    if (book.reached(person).has(plant) || subnets(plant) > missing()) continue;
    book.grant(organization, person, { plant }, 'operator');
    singly += 1;
  }
}

function subnetsIn({ portfolios, plants }: Estate, portfolio: Index): number {
  const { first, count } = portfolios[portfolio]?.plants ?? { first: 0, count: 0 };
  return plants.slice(first, first + count).reduce((sum, { subnets }) => sum + subnets.count, 0);
}

/** One person in fifty has chosen or paused a few routes. */
function set(book: Book, estate: Estate, { certificates }: Staff, random: Random, changes: number): Setting[] {
  return certificates
    .filter(() => random.chance(0.02))
    .flatMap(({ person }) => {
      const plants = shuffled(random, [...book.reached(person)]).slice(0, random.between(1, 3));
      return plants.map((plant) => {
        const since = random.between(Math.ceil(changes / 2), changes);
        const chosen = random.chance(0.6) ? since : 0;
        const subnet = estate.plants[plant]?.subnets.first ?? 0;
        return { person, subnet, chosen, paused: chosen === 0 || random.chance(0.2), since };
      });
    });
}
