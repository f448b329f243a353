import { formatIp, toIp } from '../../net/ip.ts';
import type { Device, Index, Organization, Plant, Portfolio, Span, Subnet } from './model.ts';
import { DEVICES, operatorName, plantName, portfolioName, serviceName } from './names.ts';
import { networksOf, type Style, styleOf } from './networks.ts';
import { type Random, randomOf } from './random.ts';
import type { Scale } from './scale.ts';

/** Who owns what: organizations with portfolios, plants and their networks. */
export interface Estate {
  readonly organizations: readonly Organization[];
  readonly portfolios: readonly Portfolio[];
  readonly plants: readonly Plant[];
  readonly subnets: readonly Subnet[];
  readonly devices: readonly Device[];
  /** Operators, the largest first. */
  readonly operators: readonly Index[];
  /** Companies that own nothing and work for operators. */
  readonly services: readonly Index[];
}

/** The parts of all plants that the largest operators have, at least LARGE plants each; the rest are many small ones'. */
const LARGE_SHARES = [0.25, 0.15, 0.1, 0.06, 0.04];
const LARGE = 8;
/** One service company for so many people with certificates. */
const PEOPLE_PER_SERVICE = 500;

/** Lays out the plants of an installation. `changes` is how many changes made all of it; plants came in their first half. */
export function layOut(seed: number, scale: Scale, changes: number): Estate {
  const random = randomOf(seed, 'estate');
  const estate = {
    organizations: [] as Organization[],
    portfolios: [] as Portfolio[],
    plants: [] as Plant[],
    subnets: [] as Subnet[],
    devices: [] as Device[],
  };
  const add = (name: string, portfolios: readonly (readonly [name: string, plants: number])[]): Index =>
    addOrganization(estate, random, changes, name, portfolios);

  const operators = sizesOf(random, scale.plants).map((plants, n) =>
    add(operatorName(random, n + 1), portfoliosOf(random, plants, scale)),
  );
  const count = Math.max(2, Math.round(scale.holders / PEOPLE_PER_SERVICE));
  const services = Array.from({ length: count }, (_, n) => add(serviceName(random, n + 1), []));
  return { ...estate, operators, services };
}

/** How many plants each operator has, the most first. */
function sizesOf(random: Random, plants: number): number[] {
  const sizes = LARGE_SHARES.map((share) => Math.floor(plants * share)).filter((size) => size >= LARGE);
  let left = plants - sizes.reduce((sum, size) => sum + size, 0);
  while (left > 0) {
    const size = Math.min(left, random.chance(0.7) ? random.between(1, 8) : random.between(9, 50));
    sizes.push(size);
    left -= size;
  }
  return sizes.sort((a, b) => b - a);
}

/** Regional portfolios: most of 20 to 150 plants, a few of up to 1,000; smaller in smaller installations. */
function portfoliosOf(random: Random, plants: number, { perPerson }: Scale): [string, number][] {
  const portfolios: [string, number][] = [];
  let left = plants;
  while (left > 0) {
    const usual = random.chance(0.6) ? random.between(20, 60) : random.between(60, 150);
    const wanted = random.chance(0.04) ? random.between(150, 1000) : usual;
    const size = Math.min(left, Math.max(1, Math.round((wanted * perPerson) / 100)));
    portfolios.push([portfolioName(random, portfolios.length + 1), size]);
    left -= size;
  }
  return portfolios;
}

interface Drawing {
  readonly organizations: Organization[];
  readonly portfolios: Portfolio[];
  readonly plants: Plant[];
  readonly subnets: Subnet[];
  readonly devices: Device[];
}

function addOrganization(
  drawing: Drawing,
  random: Random,
  changes: number,
  name: string,
  contents: readonly (readonly [name: string, plants: number])[],
): Index {
  const organization = drawing.organizations.length;
  const total = contents.reduce((sum, [, count]) => sum + count, 0);
  const portfolios: Span = { first: drawing.portfolios.length, count: contents.length };
  const plants: Span = { first: drawing.plants.length, count: total };
  const style = styleOf(random, total);
  for (const [title, count] of contents) {
    const portfolio = drawing.portfolios.length;
    drawing.portfolios.push({ organization, name: title, plants: { first: drawing.plants.length, count } });
    for (let n = 0; n < count; n += 1) addPlant(drawing, random, changes, { organization, portfolio, plants, style });
  }
  drawing.organizations.push({ name, portfolios, plants });
  return organization;
}

interface Place {
  readonly organization: Index;
  readonly portfolio: Index;
  readonly plants: Span;
  readonly style: Style;
}

function addPlant(drawing: Drawing, random: Random, changes: number, place: Place): void {
  const { organization, portfolio, plants, style } = place;
  const plant = drawing.plants.length;
  const n = plant - plants.first;
  const networks = networksOf(random, style, n);
  const subnets = { first: drawing.subnets.length, count: networks.length };
  drawing.plants.push({ organization, portfolio, name: plantName(random, n + 1), subnets });
  const since = random.between(1, Math.ceil(changes / 2));
  for (const network of networks) {
    // Some networks were added later.
    const later = random.chance(0.1) ? random.between(since, changes) : since;
    drawing.subnets.push({ organization, plant, network, since: later });
  }
  const [first] = networks;
  if (first === undefined || !random.chance(0.1)) return;
  const count = random.between(1, 3);
  for (let host = 0; host < count; host += 1) {
    const name = `${random.pick(DEVICES)} ${host + 1}`;
    drawing.devices.push({ organization, plant, name, address: formatIp(toIp(first.base + 2 + host)) });
  }
}
