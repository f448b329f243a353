import type { OrganizationRole } from '../../access/roles.ts';
import type { Certificate, Index, Membership, Person } from './model.ts';
import { personName } from './names.ts';
import type { Estate } from './organizations.ts';
import { type Random, randomOf } from './random.ts';
import type { Scale } from './scale.ts';

/** Somebody with a certificate and the organization that employs them. */
export interface Worker {
  readonly person: Index;
  readonly organization: Index;
}

/** Who works where. */
export interface Staff {
  readonly people: readonly Person[];
  readonly certificates: readonly Certificate[];
  readonly memberships: readonly Membership[];
  /** Administrators and moderators with a certificate, who reach all plants of the organization. */
  readonly leaders: readonly Worker[];
  /** Members with a certificate: of operators with few plants, of service companies, and of larger operators, the largest last. */
  readonly few: readonly Worker[];
  readonly serving: readonly Worker[];
  readonly many: readonly Worker[];
  /** Members without a certificate, and guests. */
  readonly readers: readonly Worker[];
}

/** The part of the people with certificates who work for service companies. */
const SERVING = 0.08;
/** People without a certificate, to one with. */
const READERS = 0.15;
/** An operator of so many plants has more than one administrator, and a moderator. */
const LED_BY_MORE = 100;

/** Staffs the organizations with exactly `scale.holders` people who have certificates, and some who have none. */
export function staff(seed: number, scale: Scale, estate: Estate, changes: number): Staff {
  const random = randomOf(seed, 'people');
  const office = officeOf(random, changes);
  const { hire } = office;
  const leaders = estate.operators.flatMap((operator) => lead(random, office, operator, plantsOf(estate, operator)));
  for (const service of estate.services) hire(service, 'administrator', false);
  const serving = Array.from({ length: Math.round(scale.holders * SERVING) }, () =>
    hire(random.pick(estate.services), 'member', true),
  );

  // Members of small operators have few routes; the others make up for them.
  const enough = Math.min(scale.perPerson, plantsOf(estate, estate.operators[0] ?? 0));
  const [large, small] = [
    estate.operators.filter((operator) => plantsOf(estate, operator) >= enough),
    estate.operators.filter((operator) => plantsOf(estate, operator) < enough),
  ];
  const places = Math.floor(scale.holders * 0.1);
  const few = small.slice(0, places).map((operator) => hire(operator, 'member', true));
  const left = Math.max(0, scale.holders - office.holders());
  const many = spread(large, left, estate).map((operator) => hire(operator, 'member', true));

  const readers = Array.from({ length: Math.round(scale.holders * READERS) }, () =>
    hire(random.pick(estate.operators), random.chance(0.1) ? 'guest' : 'member', false),
  );
  const { people, certificates, memberships } = office;
  return { people, certificates, memberships, leaders, few, serving, many, readers };
}

function plantsOf(estate: Estate, organization: Index): number {
  return estate.organizations[organization]?.plants.count ?? 0;
}

interface Office {
  readonly people: Person[];
  readonly certificates: Certificate[];
  readonly memberships: Membership[];
  readonly hire: (organization: Index, role: OrganizationRole, certified: boolean) => Worker;
  readonly holders: () => number;
}

function officeOf(random: Random, changes: number): Office {
  const people: Person[] = [];
  const certificates: Certificate[] = [];
  const memberships: Membership[] = [];
  return {
    people,
    certificates,
    memberships,
    hire: (organization, role, certified) => {
      const person = people.length;
      people.push({ name: personName(random), certificate: certified ? certificates.length : undefined });
      memberships.push({ organization, person, role });
      const profile = random.chance(0.05) ? 'alias' : 'full';
      if (certified) certificates.push({ person, profile, since: random.between(Math.ceil(changes / 4), changes) });
      return { person, organization };
    },
    holders: () => certificates.length,
  };
}

/** An operator's administrators and moderators. Returns those with a certificate. */
function lead(random: Random, { hire }: Office, operator: Index, plants: number): Worker[] {
  const certified = random.chance(0.3);
  const first = hire(operator, 'administrator', certified);
  const leaders = certified ? [first] : [];
  if (plants < LED_BY_MORE) return leaders;
  hire(operator, 'administrator', false);
  hire(operator, 'moderator', false);
  return [...leaders, hire(operator, 'moderator', true)];
}

/** `count` places over operators in proportion to their plants, the smallest operator's first. */
function spread(operators: readonly Index[], count: number, estate: Estate): Index[] {
  const total = operators.reduce((sum, operator) => sum + plantsOf(estate, operator), 0);
  const places: Index[] = [];
  let plants = 0;
  for (const operator of operators.toReversed()) {
    plants += plantsOf(estate, operator);
    while (places.length < Math.round((count * plants) / total)) places.push(operator);
  }
  return places;
}
