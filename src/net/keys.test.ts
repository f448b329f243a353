import { createCipheriv, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type PrivateKey,
  newKeyPair,
  openSealed,
  parsePublicKey,
  publicKeyOf,
  sealTo,
  signBytes,
  toPrivateKey,
  verifyBytes,
} from './keys.ts';

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

// RFC 7748 section 6.1.
const ALICE = {
  private: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const BOB = {
  private: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  public: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
};
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

describe('X25519', () => {
  it.each([
    ['Alice', ALICE],
    ['Bob', BOB],
  ])('the public key of %s is the one of RFC 7748', (_, pair) => {
    expect(publicKeyOf(toPrivateKey('x25519', base64(pair.private)))).toBe(base64(pair.public));
  });

  it('what is sealed is ephemeral key, iv, tag and text, under the secret of RFC 7748', () => {
    const key = Buffer.from(hkdfSync('sha256', Buffer.from(SHARED, 'hex'), Buffer.alloc(0), 'parkway slot 1', 32));
    const iv = Buffer.alloc(12, 7);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const body = Buffer.concat([cipher.update('secret'), cipher.final()]);
    const sealed = Buffer.concat([Buffer.from(ALICE.public, 'hex'), iv, cipher.getAuthTag(), body]).toString('base64');
    const bob = toPrivateKey('x25519', base64(BOB.private));
    expect(openSealed(bob, 'slot 1', sealed).toString()).toBe('secret');
  });
});

describe('Ed25519', () => {
  // RFC 8032 section 7.1, tests 1 to 3.
  it.each([
    [
      'no bytes',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'one byte',
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'two bytes',
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('signs %s as RFC 8032 does', (_, secret, publicHex, message, signature) => {
    const key = toPrivateKey('ed25519', base64(secret));
    const bytes = Buffer.from(message, 'hex');
    expect(publicKeyOf(key)).toBe(base64(publicHex));
    expect(signBytes(key, bytes)).toBe(base64(signature));
    expect(verifyBytes(publicKeyOf(key), bytes, base64(signature))).toBe(true);
  });

  it('refuses other bytes, another key, and what is no signature', () => {
    const { publicKey, privateKey } = newKeyPair('ed25519');
    const signature = signBytes(privateKey, Buffer.from('yes'));
    expect(verifyBytes(publicKey, Buffer.from('yes'), signature)).toBe(true);
    expect(verifyBytes(publicKey, Buffer.from('no'), signature)).toBe(false);
    expect(verifyBytes(newKeyPair('ed25519').publicKey, Buffer.from('yes'), signature)).toBe(false);
    const longer = Buffer.concat([Buffer.from(signature, 'base64'), Buffer.alloc(1)]).toString('base64');
    for (const wrong of ['', 'AAAA', '%%%', longer, Buffer.alloc(64, 255).toString('base64')]) {
      expect(verifyBytes(publicKey, Buffer.from('yes'), wrong)).toBe(false);
    }
  });
});

describe('sealing', () => {
  const { publicKey, privateKey } = newKeyPair('x25519');
  const sealed = sealTo(publicKey, 'slot 1', Buffer.from('secret'));

  it('opens for the recipient, and differs each time', () => {
    expect(openSealed(privateKey, 'slot 1', sealed).toString()).toBe('secret');
    expect(sealTo(publicKey, 'slot 1', Buffer.from('secret'))).not.toBe(sealed);
  });

  it('does not open for another key or in another context', () => {
    expect(() => openSealed(newKeyPair('x25519').privateKey, 'slot 1', sealed)).toThrow(/authenticate/);
    expect(() => openSealed(privateKey, 'slot 2', sealed)).toThrow(/authenticate/);
  });

  it('does not open when a byte was changed or cut off', () => {
    const bytes = Buffer.from(sealed, 'base64');
    expect(opens(privateKey, bytes)).toBe(true);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect([at, opens(privateKey, changed), opens(privateKey, bytes.subarray(0, at))]).toEqual([at, false, false]);
    }
  });
});

/** Whether anything comes out. */
function opens(key: PrivateKey, sealed: Buffer): boolean {
  try {
    openSealed(key, 'slot 1', sealed.toString('base64'));
    return true;
  } catch {
    return false;
  }
}

describe('keys as text', () => {
  it('32 bytes in base64 are a public key', () => {
    const { publicKey } = newKeyPair('x25519');
    expect(parsePublicKey(publicKey)).toBe(publicKey);
  });

  it.each([
    ['empty', ''],
    ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
    ['33 bytes', Buffer.alloc(33, 1).toString('base64')],
    ['all zero', Buffer.alloc(32).toString('base64')],
    ['hexadecimal', ALICE.public],
    ['without padding', base64(ALICE.public).slice(0, -1)],
    ['with bits behind the last byte', `${'A'.repeat(42)}B=`],
    ['in the alphabet of URLs', base64('ff'.repeat(32)).replaceAll('/', '_')],
    ['with a line break', `${base64(ALICE.public)}\n`],
  ])('%s is not a public key', (_, text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });

  it.each([
    ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
    ['something before', ` ${base64(BOB.private)}`],
    ['a line break', `${base64(BOB.private)}\n`],
  ])('%s is not a private key, and the error does not show it', (_, text) => {
    expect(() => toPrivateKey('x25519', text)).toThrow('a private key is 32 bytes in base64');
  });

  it('a private key shows itself only when asked', () => {
    const key = toPrivateKey('x25519', base64(BOB.private));
    const shown = [JSON.stringify(key), inspect(key, { depth: 9, showHidden: true }), Object.values(key).join()];
    expect(shown.filter((text) => text.includes(base64(BOB.private)))).toEqual([]);
    expect(key.reveal()).toBe(base64(BOB.private));
  });
});
