import { describe, expect, it } from 'vitest';
import { type Cidr, cidr, overlaps } from './cidr.ts';
import { DEFAULT_POOLS, PRIVATE_RANGES, subnetProblem } from './pools.ts';

describe('what a plant may have as a subnet', () => {
  it.each(['10.16.0.0/12', '172.16.0.0/12', '192.168.0.0/16', '192.168.1.0/24', '10.255.255.255/32'])(
    '%s is fine',
    (text) => {
      expect(subnetProblem(cidr(text), DEFAULT_POOLS)).toBeUndefined();
    },
  );

  it.each([
    ['10.0.0.0/8', 'too-wide'],
    ['10.0.0.0/11', 'too-wide'],
    ['172.0.0.0/11', 'too-wide'],
    ['192.0.0.0/8', 'too-wide'],
    ['8.8.8.0/24', 'not-private'],
    ['172.32.0.0/16', 'not-private'],
    ['192.168.0.0/15', 'not-private'],
    ['127.0.0.0/24', 'not-private'],
    ['8.0.0.0/8', 'not-private'],
    ['100.64.0.0/24', 'reserved'],
    ['100.80.1.0/24', 'reserved'],
    ['100.127.255.0/24', 'reserved'],
    ['240.0.0.0/24', 'reserved'],
    ['0.0.0.0/0', 'reserved'],
  ])('%s is %s', (text, problem) => {
    expect(subnetProblem(cidr(text), DEFAULT_POOLS)).toBe(problem);
  });

  it('a pool that was moved into a private range is refused as reserved', () => {
    const pools = { ...DEFAULT_POOLS, alias: cidr('10.128.0.0/11') };
    expect(subnetProblem(cidr('10.130.0.0/16'), pools)).toBe('reserved');
    expect(subnetProblem(cidr('100.96.0.0/16'), pools)).toBe('not-private');
  });

  it('the default pools share no address with each other or with the private ranges', () => {
    const ranges: Cidr[] = [...Object.values(DEFAULT_POOLS), ...PRIVATE_RANGES];
    const clashes = ranges.filter((range, index) => ranges.some((other, at) => at !== index && overlaps(range, other)));
    expect(clashes).toEqual([]);
  });
});
