import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_IP, formatIp, parseIp, toIp } from './ip.ts';

describe('addresses', () => {
  it.each([
    ['0.0.0.0', 0],
    ['10.0.0.1', 0x0a000001],
    ['127.0.0.1', 0x7f000001],
    ['192.168.1.255', 0xc0a801ff],
    ['255.255.255.255', LAST_IP],
  ])('%s is a number in host order', (text, value) => {
    expect(parseIp(text)).toBe(value);
    expect(formatIp(toIp(value))).toBe(text);
  });

  it.each([
    ['empty', ''],
    ['three parts', '10.0.1'],
    ['five parts', '10.0.0.0.1'],
    ['a part above 255', '10.0.0.256'],
    ['octal', '010.0.0.1'],
    ['octal zeros', '10.0.0.00'],
    ['hexadecimal', '0xa.0.0.1'],
    ['one number', '167772161'],
    ['a sign', '10.0.0.-1'],
    ['blanks before', ' 10.0.0.1'],
    ['blanks behind', '10.0.0.1 '],
    ['a line break', '10.0.0.1\n'],
    ['a prefix', '10.0.0.0/8'],
    ['IPv6', '::1'],
    ['IPv4 in IPv6', '::ffff:10.0.0.1'],
    ['other digits', '１0.0.0.1'],
    ['an empty part', '10..0.1'],
  ])('refuses %s (RFC 6943 3.1.1)', (_, text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it('every address survives being written and read', () => {
    fc.assert(
      fc.property(fc.nat(LAST_IP), (value) => {
        expect(parseIp(formatIp(toIp(value)))).toBe(value);
      }),
    );
  });

  it.each([-1, LAST_IP + 1, 1.5, Number.NaN, Infinity])('%s is not an address', (value) => {
    expect(() => toIp(value)).toThrow(RangeError);
  });
});
