import { createHash } from 'node:crypto';
import { type PublicKey, parsePublicKey } from '../../net/keys.ts';

/** What the installation of this seed calls its `n`th thing of a kind: a UUID of version 4's form. */
export function idOf(seed: number, kind: string, n: number): string {
  const hex = createHash('md5').update(`${seed} ${kind} ${n}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The public key of the `n`th thing of a kind. It has no private half: nobody can come in with it. */
export function keyOf(seed: number, kind: string, n: number): PublicKey {
  const key = parsePublicKey(createHash('sha256').update(`${seed} ${kind} ${n}`).digest('base64'));
  if (key === undefined) throw new RangeError(`no key for ${kind} ${n}`);
  return key;
}
