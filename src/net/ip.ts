/**
 * `net` owns the arithmetic of addresses and the small value types that everything else is written in: IPv4 addresses
 * and prefixes, keys, ids, time. It is pure and imports nothing of Parkway's.
 */
import ipaddr from 'ipaddr.js';

declare const ip: unique symbol;

/** An IPv4 address as an unsigned 32-bit number in host order: 10.0.0.1 is 0x0a000001. */
export type Ip = number & { readonly [ip]: true };

/**
 * Parses a dotted IPv4 address of exactly four decimal parts (RFC 6943 section 3.1.1: no octal, no short forms).
 * Returns undefined for anything else.
 */
export function parseIp(text: string): Ip | undefined {
  // `isValidFourPartDecimal` takes 010.0.0.1, and reads it as octal.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) || /(^|\.)0\d/.test(text)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return toIp(a * 0x1000000 + b * 0x10000 + c * 0x100 + d);
}

/** Brands a number as an address. Throws RangeError when it is not an unsigned 32-bit integer. */
export function toIp(value: number): Ip {
  if (!isIp(value)) throw new RangeError(`not an IPv4 address: ${value}`);
  return value;
}

function isIp(value: number): value is Ip {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}

/** The largest address, 255.255.255.255. */
export const LAST_IP = toIp(0xffffffff);

/** The dotted form of an address. */
export function formatIp(address: Ip): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
