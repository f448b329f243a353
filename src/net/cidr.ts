import { type Ip, formatIp, parseIp, toIp } from './ip.ts';

/**
 * An IPv4 prefix without host bits. Two prefixes are either disjoint or one contains the other; everything in
 * `access` rests on that.
 */
export interface Cidr {
  readonly base: Ip;
  /** Prefix length in bits, 0 to 32. */
  readonly length: number;
}

/** Why a text is not a prefix: `syntax`, or `host-bits` when it is one with bits set behind its length. */
export type CidrProblem = 'syntax' | 'host-bits';

/** The network mask of a prefix length, as an unsigned 32-bit number. */
export function maskOf(length: number): number {
  return length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
}

/** How many addresses a prefix of this length holds. */
export function sizeOf(length: number): number {
  return 2 ** (32 - length);
}

/** The prefix of the given length that an address lies in. */
export function prefixOf(address: Ip, length: number): Cidr {
  return { base: toIp((address & maskOf(length)) >>> 0), length };
}

/** Parses `a.b.c.d/n` strictly. Returns the prefix, or why it is not one. */
export function parseCidr(text: string): Cidr | CidrProblem {
  const [address = '', bits = '', ...rest] = text.split('/');
  const base = parseIp(address);
  if (base === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(bits)) return 'syntax';
  const length = Number(bits);
  return (base & maskOf(length)) >>> 0 === base ? { base, length } : 'host-bits';
}

/** Parses a prefix that is known to be valid, such as a constant or a database value. Throws RangeError otherwise. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (typeof parsed === 'string') throw new RangeError(`not a prefix (${parsed}): ${text}`);
  return parsed;
}

/** The text form of a prefix, `10.0.0.0/8`. */
export function formatCidr(prefix: Cidr): string {
  return `${formatIp(prefix.base)}/${prefix.length}`;
}

/** The last address of a prefix. */
export function lastOf(prefix: Cidr): Ip {
  return toIp(prefix.base + sizeOf(prefix.length) - 1);
}

/** Whether an address lies in a prefix. */
export function includes(prefix: Cidr, address: Ip): boolean {
  return (address & maskOf(prefix.length)) >>> 0 === prefix.base;
}

/** Whether `inner` lies wholly in `outer`; a prefix contains itself. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.length >= outer.length && includes(outer, inner.base);
}

/** Whether two prefixes share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

/** Whether two prefixes are the same. */
export function sameCidr(a: Cidr, b: Cidr): boolean {
  return a.base === b.base && a.length === b.length;
}

/** Orders prefixes by base address, the wider one first: a prefix comes before all it contains. */
export function compareCidr(a: Cidr, b: Cidr): number {
  return a.base - b.base || a.length - b.length;
}

/** The two halves of a prefix shorter than /32. */
export function halves(prefix: Cidr): [Cidr, Cidr] {
  const length = prefix.length + 1;
  return [
    { base: prefix.base, length },
    { base: toIp(prefix.base + sizeOf(length)), length },
  ];
}

/** Carries an address, or a prefix inside `from`, to the same place in `to`, a prefix of the same length. */
export function translate(inner: Cidr, from: Cidr, to: Cidr): Cidr {
  return { base: toIp(to.base + (inner.base - from.base)), length: inner.length };
}
