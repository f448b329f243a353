import { createHash, randomBytes } from 'node:crypto';

/** What a secret is for; its first characters say so, to people and to scanners for leaked secrets. */
const PREFIXES = {
  session: 'pws_',
  token: 'pwt_',
  enrollment: 'pwe_',
  invitation: 'pwi_',
  challenge: 'pwc_',
  reset: 'pwr_',
  device: 'pwd_',
} as const;
export type SecretKind = keyof typeof PREFIXES;

/** Makes a secret of 32 random bytes. Only its hash is kept. */
export function newSecret(kind: SecretKind): { secret: string; hash: Buffer } {
  const secret = PREFIXES[kind] + randomBytes(32).toString('base64url');
  return { secret, hash: hashSecret(secret) };
}

/** What stands for a secret in the database. SHA-256 suffices: 32 random bytes cannot be guessed from it. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Which kind of secret a text claims to be. */
export function kindOfSecret(secret: string): SecretKind | undefined {
  if (secret.startsWith(PREFIXES.session)) return 'session';
  if (secret.startsWith(PREFIXES.token)) return 'token';
  if (secret.startsWith(PREFIXES.enrollment)) return 'enrollment';
  return secret.startsWith(PREFIXES.invitation) ? 'invitation' : undefined;
}
