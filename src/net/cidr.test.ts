import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cidr,
  cidr,
  compareCidr,
  contains,
  formatCidr,
  halves,
  includes,
  lastOf,
  maskOf,
  overlaps,
  parseCidr,
  prefixOf,
  sameCidr,
  sizeOf,
  translate,
} from './cidr.ts';
import { LAST_IP, formatIp, toIp } from './ip.ts';

const length = fc.nat(32);
const prefix = fc.tuple(fc.nat(LAST_IP), length).map(([address, bits]) => prefixOf(toIp(address), bits));
// Close to each other, so that they often share addresses.
const near = fc.tuple(fc.nat(63), fc.integer({ min: 26, max: 32 })).map(([host, bits]) => prefixOf(toIp(host), bits));

/** The addresses of a small prefix, counted. */
function addresses({ base, length: bits }: Cidr): number[] {
  return Array.from({ length: 2 ** (32 - bits) }, (_, index) => base + index);
}

describe('prefixes', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '172.16.0.0/12', '192.168.1.0/24', '128.0.0.0/1', '255.255.255.255/32'])(
    '%s is read and written the same',
    (text) => {
      expect(formatCidr(cidr(text))).toBe(text);
    },
  );

  it.each(['10.0.0.1/8', '192.168.1.128/24', '0.0.0.1/0', '255.255.255.255/31'])('%s has host bits', (text) => {
    expect(parseCidr(text)).toBe('host-bits');
    expect(() => cidr(text)).toThrow(/host-bits/);
  });

  it.each([
    '',
    '/',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0.0/8 ',
    '10.0.0.0/8\n',
    '10.0.0.0/1e1',
    '010.0.0.0/8',
    '10.0/8',
    '10.0.0.0/255.0.0.0',
    'fd00::/8',
  ])('%j is not a prefix', (text) => {
    expect(parseCidr(text)).toBe('syntax');
  });

  it('masks and sizes of every length fit', () => {
    expect([maskOf(0), maskOf(1), maskOf(8), maskOf(31), maskOf(32)]).toEqual([
      0, 0x80000000, 0xff000000, 0xfffffffe, 0xffffffff,
    ]);
    for (let bits = 0; bits <= 32; bits += 1) expect(maskOf(bits) + sizeOf(bits)).toBe(2 ** 32);
  });

  it('the first and the last address are in, those beside are out', () => {
    fc.assert(
      fc.property(prefix, (given) => {
        const last = lastOf(given);
        expect(last - given.base + 1).toBe(sizeOf(given.length));
        expect([given.base, last].map((address) => includes(given, toIp(address)))).toEqual([true, true]);
        const beside = [given.base - 1, last + 1].filter((address) => address >= 0 && address <= LAST_IP);
        expect(beside.filter((address) => includes(given, toIp(address)))).toEqual([]);
      }),
    );
  });

  it('contains, overlaps and same agree with counting', () => {
    fc.assert(
      fc.property(near, near, (a, b) => {
        const [inA, inB] = [addresses(a), addresses(b)];
        expect(contains(a, b)).toBe(inB.every((address) => inA.includes(address)));
        expect(overlaps(a, b)).toBe(inB.some((address) => inA.includes(address)));
        expect(sameCidr(a, b)).toBe(inA.join() === inB.join());
      }),
      { numRuns: 1000 },
    );
  });

  it('two prefixes are disjoint or nested', () => {
    fc.assert(
      fc.property(near, near, (a, b) => {
        expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
      }),
    );
  });

  it('in order, a prefix comes before all it contains, and nothing else between', () => {
    fc.assert(
      fc.property(fc.array(near), (given) => {
        const sorted = given.toSorted(compareCidr);
        for (const [index, outer] of sorted.entries()) {
          const inside = sorted.map((each) => contains(outer, each) && !sameCidr(outer, each));
          const [first, last] = [inside.indexOf(true), inside.lastIndexOf(true)];
          if (first === -1) continue;
          expect(first).toBeGreaterThan(index);
          expect(inside.slice(first, last + 1)).not.toContain(false);
        }
      }),
    );
  });

  it('halves divide a prefix', () => {
    expect(halves(cidr('0.0.0.0/0')).map(formatCidr)).toEqual(['0.0.0.0/1', '128.0.0.0/1']);
    expect(halves(cidr('10.0.0.0/31')).map(formatCidr)).toEqual(['10.0.0.0/32', '10.0.0.1/32']);
  });

  it('translates a place in a prefix to the same place in another', () => {
    const [from, to] = [cidr('192.168.1.0/24'), cidr('100.96.7.0/24')];
    expect(formatCidr(translate(cidr('192.168.1.64/26'), from, to))).toBe('100.96.7.64/26');
    expect(formatIp(translate(cidr('192.168.1.255/32'), from, to).base)).toBe('100.96.7.255');
    expect(formatCidr(translate(cidr('10.31.255.255/32'), cidr('10.16.0.0/12'), cidr('255.240.0.0/12')))).toBe(
      '255.255.255.255/32',
    );
  });

  it('translates there and back', () => {
    fc.assert(
      fc.property(fc.nat(LAST_IP), fc.nat(LAST_IP), length, length, (inner, target, a, b) => {
        const bits = Math.min(a, b);
        const [from, to] = [prefixOf(toIp(inner), bits), prefixOf(toIp(target), bits)];
        const place = prefixOf(toIp(inner), Math.max(a, b));
        const there = translate(place, from, to);
        expect(contains(to, there)).toBe(true);
        expect(translate(there, to, from)).toEqual(place);
      }),
    );
  });
});
