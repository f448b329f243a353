import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Without the length, node opens with a tag that was cut short. */
const TAG = { authTagLength: 16 };

/**
 * Encrypts a secret that lies in the database with the installation's master key of 32 bytes (AES-256-GCM). `context` says what
 * the secret is; a sealed value that is moved to another place does not open there.
 */
export function seal(masterKey: Uint8Array, context: string, secret: Uint8Array): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', masterKey, iv, TAG).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

/** Opens what `seal` made. Throws when the master key or the context is another, or a byte was changed. */
export function unseal(masterKey: Uint8Array, context: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, 12), TAG).setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
}
