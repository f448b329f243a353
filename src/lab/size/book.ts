import type { JobRole } from '../../access/roles.ts';
import type { Assignment, Cooperation, Grant, Index, Share, Span, Target } from './model.ts';
import type { Estate } from './organizations.ts';
import type { Staff } from './people.ts';
import type { Random } from './random.ts';

/** Roles that lead to no route. */
export const READING: readonly JobRole[] = ['viewer', 'asset_manager_commercial', 'technical_manager'];

/** What was given so far, and what follows from it. */
export interface Book {
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

/** An empty book of an installation. Grants and assignments get a `since` in the last three quarters of its changes. */
export function bookOf({ plants, portfolios }: Estate, { people }: Staff, random: Random, changes: number): Book {
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

/** The organization at a position. Throws RangeError when there is none. */
export function organizationOf({ organizations }: Estate, organization: Index): Estate['organizations'][number] {
  const found = organizations[organization];
  if (found === undefined) throw new RangeError(`no organization ${organization}`);
  return found;
}

/** One of neighbours. */
export function within(random: Random, { first, count }: Span): Index {
  return first + random.below(count);
}
