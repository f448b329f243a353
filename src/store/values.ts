import { type Ip, parseIp } from '../net/ip.ts';

/** The address in a text that the database made of an `inet`. Throws RangeError for anything else. */
export function ip(text: string): Ip {
  const address = parseIp(text);
  if (address === undefined) throw new RangeError(`not an IPv4 address: ${text}`);
  return address;
}
