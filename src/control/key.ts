import { type PublicKey, parsePublicKey } from '../net/keys.ts';
import { Problem } from '../wire/problem.ts';

/** Parses a public key that somebody sent as `field`. Refuses with `key-invalid` what is not one. */
export function parseKey(text: string, field: string): PublicKey {
  const key = parsePublicKey(text);
  if (key !== undefined) return key;
  throw new Problem(
    'key-invalid',
    `${field} must be a public key of 32 bytes in base64, 44 characters, as "wg pubkey" prints it.`,
  );
}
