import * as fc from 'fast-check';
import { type Cidr, cidr, prefixOf } from '../../net/cidr.ts';
import { type Ip, LAST_IP, toIp } from '../../net/ip.ts';
import { CHANGE_KINDS, SETTING_KINDS, type Step } from './changes.ts';

// Two small zones, so that networks are often equal or nested: one where all have aliases, one where none has.
const network = fc.oneof(
  networkIn('192.168.1.0/24', [24, 25, 26, 28, 31, 32], [0, 64, 77, 128, 255]),
  networkIn('10.16.0.0/12', [12, 13, 14, 16, 19], [0, 0x10000, 0x40001, 0x80000, 0xfffff]),
);

// Addresses beside those where networks begin and end: most in the zones, some anywhere.
const stranger = fc
  .oneof(
    fc.nat(LAST_IP),
    fc.nat(0xff).map((host) => 0xc0a80100 + host),
    fc.nat(0xfffff).map((host) => 0x0a100000 + host),
  )
  .map(toIp);

function networkIn(zone: string, lengths: readonly number[], offsets: readonly number[]): fc.Arbitrary<Cidr> {
  const { base } = cidr(zone);
  const pick = fc.tuple(fc.constantFrom(...offsets), fc.constantFrom(...lengths));
  return pick.map(([offset, length]) => prefixOf(toIp(base + offset), length));
}

// What makes and contests routes is drawn most often; what ends users and portfolios seldom, or nothing is left.
const OFTEN = ['addPlant', 'addSubnet', 'grant', 'grant', 'assign', 'share', 'accept', 'issue'] as const;
const SELDOM = new Set(['deleteUser', 'deletePortfolio', 'endMembership']);
const SETTINGS = [...SETTING_KINDS, 'choose', 'choose', 'choose', 'resume'] as const;
const kind = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...CHANGE_KINDS.filter((name) => !SELDOM.has(name))) },
  { weight: 1, arbitrary: fc.constantFrom(...CHANGE_KINDS.filter((name) => SELDOM.has(name))) },
  { weight: 8, arbitrary: fc.constantFrom(...OFTEN) },
  { weight: 8, arbitrary: fc.constantFrom(...SETTINGS) },
);
const draws = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.record({ kind, draws, network });

/** One random case: what the plants begin with, what happens, and addresses to try besides those that matter. */
export interface Example {
  readonly networks: Cidr[];
  readonly steps: Step[];
  readonly strangers: Ip[];
}

export const example: fc.Arbitrary<Example> = fc.record({
  networks: fc.array(network, { minLength: 6, maxLength: 6 }),
  steps: fc.array(step, { minLength: 1, maxLength: 100, size: 'max' }),
  strangers: fc.array(stranger, { minLength: 20, maxLength: 20 }),
});

function fixed(kind: Step['kind'], ...draws: number[]): Step {
  return { kind, draws, network: cidr('192.168.1.0/24') };
}

/** Five users in three organizations with two plants each; one leads each organization. */
export function beginning(networks: readonly Cidr[]): Step[] {
  return [
    ...[0, 1, 2].map((organization) => fixed('addPortfolio', organization)),
    ...[0, 1, 2, 3, 4].map(() => fixed('addUser')),
    ...[3, 2, 3, 1, 0].map((role, user) => fixed('setMembership', user, user % 3, role)),
    ...networks.map((network, index): Step => ({ kind: 'addPlant', draws: [index % 3], network })),
  ];
}
