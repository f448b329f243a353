import { formatCidr } from '../../net/cidr.ts';
import { formatIp } from '../../net/ip.ts';
import { PRIVATE_RANGES, type Pools } from '../../net/pools.ts';
import type { Certificate } from '../../store/certificates.ts';
import type { CertificateJson } from '../../wire/rest/certificate.ts';

/** Seconds between keepalives: below the shortest UDP timeout that NATs commonly have (RFC 4787 asks for 120 s, many have 30). */
const KEEPALIVE = 25;

/** A certificate with all that a `.conf` needs but the private key. It never names a default route (VPN-3). */
export function showCertificate(certificate: Certificate, pools: Pools): CertificateJson {
  const { address, publicKey, profile, issuedAt, rotatedAt, endpoint, serverPublicKey } = certificate;
  const ranges = profile === 'alias' ? [pools.alias] : [...PRIVATE_RANGES, pools.alias];
  return {
    address: formatIp(address),
    publicKey,
    profile,
    issuedAt: issuedAt.toISOString(),
    rotatedAt: rotatedAt?.toISOString() ?? null,
    endpoint,
    serverPublicKey,
    allowedIps: ranges.map(formatCidr),
    keepalive: KEEPALIVE,
  };
}
