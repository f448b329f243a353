import { z } from 'zod';
import type { PrivateKey } from '../net/keys.ts';
import { endpointSchema } from './state.ts';

/**
 * What the server says of a certificate, as far as a client's configuration is made of it. Strict, because `wg-quick` runs
 * commands that a configuration names: nothing but addresses, keys and numbers may get into one.
 */
export const profileInput = z.object({
  /** The user's tunnel address. */
  address: z.ipv4(),
  serverPublicKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  endpoint: endpointSchema,
  /** What the client sends through the tunnel; never a default route (VPN-3). */
  allowedIps: z.array(z.cidrv4().refine((range) => !range.endsWith('/0'), 'is a default route')).min(1),
  /** Seconds between keepalives, so that a NAT in front of the client keeps its mapping. */
  keepalive: z.int().min(0).max(65535),
});
export type ProfileInput = z.infer<typeof profileInput>;

/**
 * Composes the `.conf` of a stock WireGuard client (VPN-2, VPN-3). It is made where the private key is, and nowhere else.
 * Throws ZodError when the server said anything but what `profileInput` allows.
 */
export function composeProfile(privateKey: Pick<PrivateKey, 'reveal'>, server: ProfileInput): string {
  const { address, serverPublicKey, endpoint, allowedIps, keepalive } = profileInput.parse(server);
  return `[Interface]
PrivateKey = ${privateKey.reveal()}
Address = ${address}/32

[Peer]
PublicKey = ${serverPublicKey}
Endpoint = ${endpoint}
AllowedIPs = ${allowedIps.join(', ')}
PersistentKeepalive = ${keepalive}
`;
}

/** The text of the private key in a `.conf`, or undefined when there is none. */
export function privateKeyIn(profile: string): string | undefined {
  return /^[ \t]*PrivateKey[ \t]*=[ \t]*(\S+)[ \t]*$/im.exec(profile)?.[1];
}
