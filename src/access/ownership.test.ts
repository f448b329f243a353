import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cidr, cidr, formatCidr, includes, prefixOf } from '../net/cidr.ts';
import { type Ip, toIp } from '../net/ip.ts';
import { type Claim, compareClaims, settle } from './ownership.ts';

function claim(subnet: string, network: string, since: number, chosen = 0): Claim<string> {
  return { subnet, network: cidr(network), since, chosen };
}

function settled(...claims: Claim<string>[]): string[] {
  return settle(claims).map(({ range, owner }) => `${formatCidr(range)} ${owner.subnet}`);
}

describe('who owns contested addresses (VPN-9)', () => {
  it('a claim nobody contests comes back whole', () => {
    expect(settled(claim('a', '192.168.1.0/24', 5), claim('b', '10.0.0.0/8', 3))).toEqual([
      '10.0.0.0/8 b',
      '192.168.1.0/24 a',
    ]);
  });

  it('the one who had a range first keeps it when another comes', () => {
    expect(settled(claim('late', '192.168.1.0/24', 9), claim('early', '192.168.1.0/24', 5))).toEqual([
      '192.168.1.0/24 early',
    ]);
  });

  it('a wide range that was first keeps a more specific one that comes, until that is chosen', () => {
    const wide = claim('wide', '10.16.0.0/14', 1);
    expect(settled(wide, claim('inner', '10.17.0.0/16', 2))).toEqual(['10.16.0.0/14 wide']);
    expect(settled(wide, claim('inner', '10.17.0.0/16', 2, 3))).toEqual([
      '10.16.0.0/16 wide',
      '10.17.0.0/16 inner',
      '10.18.0.0/15 wide',
    ]);
  });

  it('the latest choice takes its whole range', () => {
    const inner = claim('inner', '10.17.0.0/16', 2, 3);
    expect(settled(claim('wide', '10.16.0.0/14', 1, 4), inner)).toEqual(['10.16.0.0/14 wide']);
  });

  it('of two that came at the same revision, the more specific one owns its part', () => {
    expect(settled(claim('wide', '10.0.0.0/15', 1), claim('inner', '10.1.0.0/16', 1))).toEqual([
      '10.0.0.0/16 wide',
      '10.1.0.0/16 inner',
    ]);
  });

  it('of two that compare equal, the one given first owns the range', () => {
    expect(settled(claim('a', '10.0.0.0/24', 1), claim('b', '10.0.0.0/24', 1))).toEqual(['10.0.0.0/24 a']);
    expect(settled(claim('b', '10.0.0.0/24', 1), claim('a', '10.0.0.0/24', 1))).toEqual(['10.0.0.0/24 b']);
  });

  it('a range that others cover wholly is left with nothing', () => {
    const halves = [claim('low', '10.0.0.0/25', 2, 5), claim('high', '10.0.0.128/25', 2, 6)];
    expect(settled(claim('both', '10.0.0.0/24', 1), ...halves)).toEqual(['10.0.0.0/25 low', '10.0.0.128/25 high']);
  });

  it('gives every address to the strongest claim that covers it, in disjoint pieces', () => {
    const network = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }));
    const claims = fc.array(fc.tuple(network, fc.nat(5), fc.nat(5)), { maxLength: 30 });
    fc.assert(
      fc.property(claims, (rows) => {
        const given = rows.map(([[host, length], since, chosen], subnet): Claim<number> => {
          return { subnet, network: prefixOf(toIp(0x0a000000 + host), length), since, chosen };
        });
        const pieces = settle(given);
        for (let host = 0; host < 256; host += 1) {
          const address = toIp(0x0a000000 + host);
          const owners = pieces.filter(({ range }) => includes(range, address)).map(({ owner }) => owner.subnet);
          expect(owners).toEqual(strongestAt(given, address));
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['the same range 10,000 times', () => cidr('10.0.0.0/24')],
    ['one wide range and 10,000 inside it', (index: number) => prefixOf(toIp(0x0a000000 + index * 32), index ? 28 : 8)],
    ['10,000 nested ranges', (index: number) => prefixOf(toIp(0x0a000000 + index * 1024), 12 + (index % 21))],
  ])('takes near-linear time for %s', (_, network: (index: number) => Cidr) => {
    const claims = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        subnet: index,
        network: network(index),
        since: index,
        chosen: index % 2 === 0 ? 0 : index,
      }));
    const few = duration(() => settle(claims(1_000)));
    const many = duration(() => settle(claims(10_000)));
    // Ten times as much; quadratic would be a hundred times. The floor is for a busy machine.
    expect(many).toBeLessThan(Math.max(40 * few, 400));
  });
});

function strongestAt(claims: readonly Claim<number>[], address: Ip): number[] {
  const covering = claims.filter(({ network }) => includes(network, address));
  const [strongest] = covering.toSorted((a, b) => compareClaims(a, b) || a.subnet - b.subnet);
  return strongest === undefined ? [] : [strongest.subnet];
}

/** The shortest of three runs in milliseconds. */
function duration(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}
