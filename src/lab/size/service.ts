import { type Book, READING, organizationOf, within } from './book.ts';
import type { Index, Target } from './model.ts';
import type { Estate } from './organizations.ts';
import type { Worker } from './people.ts';
import { type Random, shuffled } from './random.ts';
import type { Scale } from './scale.ts';

/** Service companies: each works for a few operators, on portfolios and plants that these share; a part of it leads nowhere. */
export function serve(
  book: Book,
  estate: Estate,
  random: Random,
  serving: readonly Worker[],
  { perPerson }: Scale,
): void {
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
