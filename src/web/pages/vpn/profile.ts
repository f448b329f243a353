import type { components } from '../../api/schema.d.ts';
import type { OwnKey } from './key.ts';

type Server = Pick<
  components['schemas']['Certificate'],
  'address' | 'serverPublicKey' | 'endpoint' | 'allowedIps' | 'keepalive'
>;

const ADDRESS = String.raw`\d{1,3}(?:\.\d{1,3}){3}`;
const SHAPES = {
  address: new RegExp(`^${ADDRESS}$`),
  serverPublicKey: /^[A-Za-z0-9+/]{43}=$/,
  endpoint: new RegExp(`^${ADDRESS}:[1-9]\\d{0,4}$`),
  // Never a default route (VPN-3).
  range: new RegExp(`^${ADDRESS}/(?:[1-9]|[12]\\d|3[0-2])$`),
};

/**
 * Composes the `.conf` of a stock WireGuard client in the browser, the same text as the command line's (VPN-2, VPN-3).
 * `wg-quick` runs commands that a configuration names: nothing but addresses, keys and numbers may get into one, whatever
 * the server says. Throws Error when it says anything else.
 */
export function profileText(key: Pick<OwnKey, 'reveal'>, server: Server): string {
  const { address, serverPublicKey, endpoint, allowedIps, keepalive } = server;
  const isSound =
    SHAPES.address.test(address) &&
    SHAPES.serverPublicKey.test(serverPublicKey) &&
    SHAPES.endpoint.test(endpoint) &&
    allowedIps.length > 0 &&
    allowedIps.every((range) => SHAPES.range.test(range)) &&
    Number.isInteger(keepalive) &&
    keepalive >= 0 &&
    keepalive <= 65_535;
  if (!isSound) throw new Error('the server says something of the certificate that no profile may contain');
  return `[Interface]
PrivateKey = ${key.reveal()}
Address = ${address}/32

[Peer]
PublicKey = ${serverPublicKey}
Endpoint = ${endpoint}
AllowedIPs = ${allowedIps.join(', ')}
PersistentKeepalive = ${keepalive}
`;
}
