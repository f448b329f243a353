import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidr } from '../../net/cidr.ts';
import { type Route, deriveRoutes } from '../routes.ts';
import { type Derive, check, newTally } from './check.ts';
import { example } from './examples.ts';

/** Fixed, so that a failure is the same everywhere; fast-check prints it with the path to the shortest example. */
const SEED = 20261120;

type Facts = Parameters<Derive>[0];

/** Derives from facts that were changed first. */
function from(change: (facts: Facts) => Partial<Facts>): Derive {
  return (facts, pools) => deriveRoutes({ ...facts, ...change(facts) }, pools);
}

/** Derives, then changes every route. */
function then(change: (route: Route) => Partial<Route>): Derive {
  return (facts, pools) => deriveRoutes(facts, pools).map((route) => ({ ...route, ...change(route) }));
}

/** Ways to be wrong, and what the oracle must say about each. */
const MUTANTS: readonly (readonly [name: string, says: RegExp, mutant: Derive])[] = [
  [
    'choices are forgotten',
    /is owned by/,
    from(({ settings }) => ({ settings: settings.map((row) => ({ ...row, chosen: 0 })) })),
  ],
  [
    'the first choice counts and not the latest',
    /is owned by/,
    from(({ settings }) => ({ settings: settings.map((row) => ({ ...row, chosen: row.chosen && 1 / row.chosen })) })),
  ],
  [
    'the newest takes the range',
    /is owned by/,
    from(({ reach }) => ({ reach: reach.map((row) => ({ ...row, since: 1e9 - row.since })) })),
  ],
  [
    'nobody remembers who was first',
    /is owned by/,
    from(({ reach, subnets }) => ({
      reach: reach.map((row) => ({ ...row, since: 0 })),
      subnets: subnets.map((row) => ({ ...row, since: 0 })),
    })),
  ],
  [
    'a pause gives the range away',
    /is owned by/,
    from(({ subnets, settings }) => ({
      subnets: subnets.filter(({ subnet }) => !settings.some((row) => row.subnet === subnet && row.paused)),
    })),
  ],
  [
    'pauses are forgotten',
    /is paused: false/,
    from(({ settings }) => ({ settings: settings.map((row) => ({ ...row, paused: false })) })),
  ],
  [
    'every plant is within reach',
    /is owned by/,
    from(({ subnets }) => ({ reach: subnets.map(({ plant }) => ({ plant, since: 0 })) })),
  ],
  [
    'hidden ranges may be typed',
    /went to/,
    (facts, pools) => deriveRoutes(facts, { ...pools, alias: cidr('0.0.0.0/0') }),
  ],
  [
    'a piece is carried to the beginning of the unique range',
    /went to/,
    then(({ enforced, range }) => ({
      enforced: {
        ...enforced,
        native: enforced.native.map((piece) => ({ ...piece, range: { ...piece.range, base: range.base } })),
      },
    })),
  ],
  [
    'who lost a part is called its owner',
    /is called/,
    then(({ state }) => ({ state: state === 'partly' ? 'owner' : state })),
  ],
];

describe('access and routes against an oracle, in random order of change (ACC-1…6, ACC-9, VPN-5, 7, 9, 10, 11)', () => {
  it('delivers 10^6 packets to where they belong, and no step moves an owned address', { timeout: 120_000 }, () => {
    const total = newTally();
    fc.assert(
      fc.property(example, (drawn) => check(drawn, deriveRoutes, total)),
      { seed: SEED, numRuns: 400 },
    );
    // Packets that must go nowhere count apart, and the examples must be worth something.
    expect(total.packets).toBeGreaterThan(10_000_000);
    expect(total.delivered).toBeGreaterThan(1_000_000);
    expect(total.kept).toBeGreaterThan(100_000);
    expect(total.chosen).toBeGreaterThan(1_000);
    expect(total.inherited).toBeGreaterThan(1_000);
  });

  it.each(MUTANTS)('notices when %s', (_, says, mutant) => {
    const property = fc.property(example, (drawn) => check(drawn, mutant, newTally()));
    expect(() => fc.assert(property, { seed: SEED, numRuns: 100, endOnFailure: true })).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: expect.stringMatching(says) }) }),
    );
  });
});
