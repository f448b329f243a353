import type { JobRole } from '../../access/roles.ts';
import type { Assignment, Cooperation, Grant, Index, Setting, Share, Span, Target } from './model.ts';
import type { Estate } from './organizations.ts';
import type { Staff, Worker } from './people.ts';
import { type Random, randomOf } from './random.ts';
import type { Scale } from './scale.ts';

/** Who was given what. */
export interface Access {
  readonly grants: readonly Grant[];
  readonly cooperations: readonly Cooperation[];
  readonly shares: readonly Share[];
  readonly assignments: readonly Assignment[];
  readonly settings: readonly Setting[];
  readonly routes: number;
}

/** Roles that lead to no route. */
const READING: readonly JobRole[] = ['viewer', 'asset_manager_commercial', 'technical_manager'];
/** Most plants that somebody who has portfolios is given singly. */
const SINGLY = 10;
/** The part of the members who are given plants singly, and nothing else. */
const BY_PLANT = 0.1;

/**
 * Gives roles until there are `scale.routes` routes: what benches need, leaders and small organizations first, then service
 * companies, then the members of larger operators, who have more or fewer, and together what is left.
 */
export function giveAccess(seed: number, scale: Scale, estate: Estate, people: Staff, changes: number): Access {
  const random = randomOf(seed, 'access');
  const book = bookOf(estate, people, random, changes);
  const { bench } = estate;
  for (const { person } of people.crowd) book.grant(bench.owner, person, { portfolio: bench.crowded }, 'operator');
  cooperate(book, estate, people);
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

interface Book {
  readonly grants: Grant[];
  readonly cooperations: Cooperation[];
  readonly shares: Share[];
  readonly assignments: Assignment[];
  routes(): number;
  /** The plants that a person with a certificate reaches. */
  reached(person: Index): ReadonlySet<Index>;
  /** Notes that somebody reaches plants. */
  reach(person: Index, plants: Span): void;
  grant(organization: Index, person: Index, on: Target, role: JobRole): void;
  assign(share: Index, person: Index): void;
}

function bookOf({ plants, portfolios }: Estate, { people }: Staff, random: Random, changes: number): Book {
  const reached = new Map<Index, Set<Index>>();
  let routes = 0;
  const since = () => random.between(Math.ceil(changes / 4), changes);
  const plantsOn = (on: Target): Span =>
    'plant' in on ? { first: on.plant, count: 1 } : (portfolios[on.portfolio]?.plants ?? { first: 0, count: 0 });
  const reach = (person: Index, { first, count }: Span) => {
    if (people[person]?.certificate === undefined) return;
    const own = reached.get(person) ?? new Set();
    reached.set(person, own);
    for (let plant = first; plant < first + count; plant += 1) {
      if (!own.has(plant)) routes += plants[plant]?.subnets.count ?? 0;
      own.add(plant);
    }
  };
  const book: Book = {
    grants: [],
    cooperations: [],
    shares: [],
    assignments: [],
    routes: () => routes,
    reached: (person) => reached.get(person) ?? new Set(),
    reach,
    grant: (organization, person, on, role) => {
      book.grants.push({ organization, person, on, role, since: since() });
      if (role === 'operator') reach(person, plantsOn(on));
    },
    assign: (share, person) => {
      book.assignments.push({ share, person, role: 'operator', since: since() });
      const { cooperation, on, cap } = book.shares[share] ?? {};
      const works = cooperation !== undefined && book.cooperations[cooperation]?.status === 'active';
      if (works && on !== undefined && cap === 'operator') reach(person, plantsOn(on));
    },
  };
  return book;
}

function organizationOf({ organizations }: Estate, organization: Index): Estate['organizations'][number] {
  const found = organizations[organization];
  if (found === undefined) throw new RangeError(`no organization ${organization}`);
  return found;
}

function within(random: Random, { first, count }: Span): Index {
  return first + random.below(count);
}

/** The cooperation of the benches: one share, and everybody of the partner assigned to it. */
function cooperate(book: Book, { bench }: Estate, { carried }: Staff): void {
  book.cooperations.push({ owner: bench.owner, partner: bench.partner, status: 'active' });
  book.shares.push({ cooperation: 0, on: { portfolio: bench.shared }, cap: 'operator' });
  for (const { person } of carried) book.assign(0, person);
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
    const size = estate.portfolios[portfolio]?.plants.count ?? 0;
    if (given.has(portfolio) || size * 1.2 > missing()) continue;
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

/** Service companies: each works for a few operators, on portfolios and plants that these share; a part of it leads nowhere. */
function serve(book: Book, estate: Estate, random: Random, serving: readonly Worker[], { perPerson }: Scale): void {
  const staffOf = Map.groupBy(serving, ({ organization }) => organization);
  for (const partner of estate.services) {
    const owners = new Set(Array.from({ length: random.between(2, 5) }, () => ownerFor(random, estate)));
    const shares = [...owners].flatMap((owner, n) => share(book, estate, random, { owner, partner, first: n === 0 }));
    for (const { person } of staffOf.get(partner) ?? []) {
      const goal = book.routes() + perPerson;
      for (const one of shuffled(random, shares)) if (book.routes() < goal) book.assign(one, person);
    }
  }
}

/** Half of the cooperations are with one of the largest operators. */
function ownerFor(random: Random, { operators }: Estate): Index {
  return random.pick(random.chance(0.5) ? operators.slice(0, 5) : operators);
}

/** A cooperation with its shares. Returns the shares. */
function share(
  book: Book,
  estate: Estate,
  random: Random,
  { owner, partner, first }: { owner: Index; partner: Index; first: boolean },
): Index[] {
  const cooperation = book.cooperations.length;
  const status = first || random.chance(0.8) ? 'active' : random.pick(['pending', 'paused', 'ended'] as const);
  book.cooperations.push({ owner, partner, status });
  const { portfolios, plants } = organizationOf(estate, owner);
  const shared = new Set<Index>();
  for (let n = random.between(1, 4); n > 0; n -= 1) shared.add(within(random, portfolios));
  const targets: Target[] = [...shared].map((portfolio) => ({ portfolio }));
  if (random.chance(0.5)) targets.push({ plant: within(random, plants) });
  return targets.map((on) => {
    const cap = random.chance(0.85) ? 'operator' : random.pick(READING);
    return book.shares.push({ cooperation, on, cap }) - 1;
  });
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
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
