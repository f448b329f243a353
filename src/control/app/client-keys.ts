import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { hashSecret } from '../secret.ts';

/** What a client is known by: its network, and its device when it says which. Hashes, so that a dump tells neither. */
export function keysOf(client: {
  readonly source: string;
  readonly device?: string | undefined;
}): readonly [network: Buffer, device?: Buffer] {
  const network = createHash('sha256')
    .update(`network ${networkOf(client.source)}`)
    .digest();
  return client.device === undefined ? [network] : [network, hashSecret(client.device)];
}

/** One source: an IPv4 address, or the /64 that one IPv6 site has at the least. */
function networkOf(source: string): string {
  const address = ipaddr.parse(source);
  return address.kind() === 'ipv4' ? source : Buffer.from(address.toByteArray().slice(0, 8)).toString('hex');
}
