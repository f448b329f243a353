/** A WireGuard key pair, made in this browser (VPN-2). Only `publicKey` may leave it. */
export interface OwnKey {
  readonly publicKey: string;
  /** The private half as `wg` writes it. Throws after `wipe`. */
  reveal(): string;
  /** Overwrites the private half. */
  wipe(): void;
}

type Maker = Pick<typeof globalThis.crypto.subtle, 'generateKey' | 'exportKey'> | undefined;

/** Makes a key pair by WebCrypto; in browsers whose WebCrypto has no X25519, with a library that comes only then. */
export async function newKey(subtle: Maker = globalThis.crypto.subtle): Promise<OwnKey> {
  const { secret, open } = (await byWebCrypto(subtle)) ?? (await byLibrary());
  // As `wg genkey` writes it. The public key is the same either way (RFC 7748, section 5).
  secret[0] = (secret[0] ?? 0) & 248;
  secret[31] = ((secret[31] ?? 0) & 127) | 64;
  let isWiped = false;
  return {
    publicKey: toBase64(open),
    reveal: () => {
      if (isWiped) throw new Error('the private key has been wiped');
      return toBase64(secret);
    },
    wipe: () => {
      secret.fill(0);
      isWiped = true;
    },
  };
}

interface Raw {
  readonly secret: Uint8Array;
  readonly open: Uint8Array;
}

async function byWebCrypto(subtle: Maker): Promise<Raw | undefined> {
  if (subtle === undefined) return undefined;
  try {
    const pair: object = await subtle.generateKey({ name: 'X25519' }, true, ['deriveBits']);
    if (!isPair(pair)) return undefined;
    const pkcs8 = new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey));
    const secret = pkcs8.slice(-32);
    pkcs8.fill(0);
    return { secret, open: new Uint8Array(await subtle.exportKey('raw', pair.publicKey)) };
  } catch (error) {
    // What browsers say of an algorithm that they do not know.
    if (error instanceof DOMException && error.name === 'NotSupportedError') return undefined;
    throw error;
  }
}

type Key = Parameters<typeof globalThis.crypto.subtle.exportKey>[1];

function isPair(made: object): made is { readonly privateKey: Key; readonly publicKey: Key } {
  return 'privateKey' in made && 'publicKey' in made;
}

async function byLibrary(): Promise<Raw> {
  const { x25519 } = await import('@noble/curves/ed25519.js');
  const secret = x25519.utils.randomSecretKey();
  return { secret, open: x25519.getPublicKey(secret) };
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** How a public key that somebody pasted compares with the certificate's. */
export function compareKey(pasted: string, current: string): 'empty' | 'malformed' | 'same' | 'stale' {
  const text = pasted.replaceAll(/\s/g, '');
  if (text === '') return 'empty';
  if (!KEY.test(text)) return 'malformed';
  return text === current ? 'same' : 'stale';
}
