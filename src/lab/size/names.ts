import type { Random } from './random.ts';

const RIVERS = ['Isar', 'Havel', 'Weser', 'Elbe', 'Inn', 'Ems', 'Donau', 'Saar', 'Mosel', 'Oder', 'Neisse', 'Werra'];
const TRADES = ['Solar', 'Wind', 'Energie', 'Kraftwerke', 'Erneuerbare', 'Bürgerstrom'];
const SERVICES = ['Anlagenservice', 'Betriebsführung', 'Wartung', 'Leittechnik'];
const REGIONS = ['Nord', 'Süd', 'Ost', 'West', 'Bayern', 'Sachsen', 'Hessen', 'Holstein', 'Pfalz', 'Lausitz', 'Börde'];
const KINDS = ['Solar park', 'Solar park', 'Solar park', 'Wind park', 'Battery park'];
const PLACES = [
  'Neudorf',
  'Altheim',
  'Steinbach',
  'Hohenfeld',
  'Grünwald',
  'Seehausen',
  'Lindau',
  'Moorburg',
  'Talheim',
];
const GIVEN = [
  'Anna',
  'Ben',
  'Carla',
  'David',
  'Eva',
  'Felix',
  'Greta',
  'Hannes',
  'Ida',
  'Jan',
  'Karin',
  'Lars',
  'Mara',
];
const FAMILY = [
  'Weber',
  'Wagner',
  'Becker',
  'Hoffmann',
  'Koch',
  'Richter',
  'Klein',
  'Wolf',
  'Neumann',
  'Braun',
  'Zimmer',
];

/** A name that only the `n`th organization has; no name of the lab ends in a number. */
export function operatorName(random: Random, n: number): string {
  return `${random.pick(RIVERS)} ${random.pick(TRADES)} ${n}`;
}

/** The same for a company that works on plants of others. */
export function serviceName(random: Random, n: number): string {
  return `${random.pick(RIVERS)} ${random.pick(SERVICES)} ${n}`;
}

/** The name of an organization's `n`th portfolio. */
export function portfolioName(random: Random, n: number): string {
  return `${random.pick(REGIONS)} ${n}`;
}

/** The name of an organization's `n`th plant. */
export function plantName(random: Random, n: number): string {
  return `${random.pick(KINDS)} ${random.pick(PLACES)} ${n}`;
}

/** A person's name, which others may have too. */
export function personName(random: Random): string {
  return `${random.pick(GIVEN)} ${random.pick(FAMILY)}`;
}

/** What stands in a plant. */
export const DEVICES = ['inverter', 'logger', 'meter', 'plant control', 'turbine', 'battery', 'tracker'] as const;
