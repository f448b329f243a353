import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

declare const publicKey: unique symbol;

/** A public X25519 or Ed25519 key in the form that `wg` prints: 32 bytes in base64, 44 characters. */
export type PublicKey = string & { readonly [publicKey]: true };

/**
 * A private key that cannot be printed by accident: it has no text or JSON form, only `reveal()`, which is called where
 * the key is handed to the kernel or written to its file.
 */
export interface PrivateKey {
  readonly kind: 'x25519' | 'ed25519';
  /** The 32 raw bytes in base64, as `wg` and our key files want them. */
  reveal(): string;
}

/** A key pair; `publicKey` belongs to `privateKey`. */
export interface KeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;
}

const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

// The fixed DER headers of RFC 8410, in front of the 32 raw bytes.
const HEADER = {
  x25519: { private: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' },
  ed25519: { private: '302e020100300506032b657004220420', public: '302a300506032b6570032100' },
};

/** Parses a public key: 32 bytes in canonical base64. Returns undefined for anything else, the all-zero key included. */
export function parsePublicKey(text: string): PublicKey | undefined {
  return isPublicKey(text) ? text : undefined;
}

function isPublicKey(text: string): text is PublicKey {
  return KEY.test(text) && !/^A+=$/.test(text);
}

function toPublicKey(raw: Buffer): PublicKey {
  const text = raw.toString('base64');
  if (!isPublicKey(text)) throw new RangeError('a public key is 32 bytes, and not all zero');
  return text;
}

/** Wraps 32 raw private bytes in base64. Throws RangeError when they are not that. */
export function toPrivateKey(kind: PrivateKey['kind'], raw: string): PrivateKey {
  if (!KEY.test(raw)) throw new RangeError('a private key is 32 bytes in base64');
  return { kind, reveal: () => raw };
}

/** Makes a new key pair: X25519 for WireGuard and sealing, Ed25519 for signing. */
export function newKeyPair(kind: PrivateKey['kind']): KeyPair {
  const pair = kind === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519');
  const raw = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64');
  return { publicKey: publicKeyOf(toPrivateKey(kind, raw)), privateKey: toPrivateKey(kind, raw) };
}

/** The public key that belongs to a private one. */
export function publicKeyOf(key: PrivateKey): PublicKey {
  const der = createPublicKey(privateObject(key)).export({ type: 'spki', format: 'der' });
  return toPublicKey(der.subarray(-32));
}

/** Signs bytes with Ed25519 (RFC 8032). Returns the signature in base64. */
export function signBytes(key: PrivateKey, bytes: Uint8Array): string {
  return sign(null, bytes, privateObject(key)).toString('base64');
}

/** Whether a base64 signature over the bytes was made with the private half of this Ed25519 key. */
export function verifyBytes(key: PublicKey, bytes: Uint8Array, signature: string): boolean {
  return verify(null, bytes, publicObject('ed25519', key), Buffer.from(signature, 'base64'));
}

/**
 * Encrypts a secret so that only the holder of an X25519 private key can read it: ephemeral ECDH, HKDF-SHA256,
 * AES-256-GCM. `context` is bound to the result and must be given again to open it.
 */
export function sealTo(recipient: PublicKey, context: string, secret: Uint8Array): string {
  const ephemeral = newKeyPair('x25519');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', agree(ephemeral.privateKey, recipient, context), iv);
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Buffer.from(ephemeral.publicKey, 'base64'), iv, cipher.getAuthTag(), body]).toString('base64');
}

/** Opens what `sealTo` made. Throws when the key or the context is another, or a byte was changed. */
export function openSealed(key: PrivateKey, context: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const sender = toPublicKey(bytes.subarray(0, 32));
  // Without the length, node takes a tag that was cut short.
  const tag = { authTagLength: 16 };
  const decipher = createDecipheriv('aes-256-gcm', agree(key, sender, context), bytes.subarray(32, 44), tag);
  decipher.setAuthTag(bytes.subarray(44, 60));
  return Buffer.concat([decipher.update(bytes.subarray(60)), decipher.final()]);
}

function agree(own: PrivateKey, other: PublicKey, context: string): Buffer {
  const shared = diffieHellman({ privateKey: privateObject(own), publicKey: publicObject('x25519', other) });
  return Buffer.from(hkdfSync('sha256', shared, Buffer.alloc(0), `parkway ${context}`, 32));
}

function privateObject(key: PrivateKey) {
  const der = Buffer.concat([Buffer.from(HEADER[key.kind].private, 'hex'), Buffer.from(key.reveal(), 'base64')]);
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
}

function publicObject(kind: PrivateKey['kind'], key: PublicKey) {
  const der = Buffer.concat([Buffer.from(HEADER[kind].public, 'hex'), Buffer.from(key, 'base64')]);
  return createPublicKey({ key: der, type: 'spki', format: 'der' });
}
