import { describe, expect, it } from 'vitest';
import { publicKeyOf, toPrivateKey } from '../../src/net/keys.ts';
import { composeProfile } from '../../src/wire/profile.ts';
import { newKey } from '../../src/web/pages/vpn/key.ts';
import { profileText } from '../../src/web/pages/vpn/profile.ts';

const SERVER = {
  address: '100.64.3.17',
  serverPublicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
  endpoint: '203.0.113.9:51820',
  allowedIps: ['10.0.0.0/8'],
  keepalive: 25,
};

const withoutX25519 = {
  generateKey: () => Promise.reject(new DOMException('no such algorithm', 'NotSupportedError')),
  exportKey: () => Promise.reject(new DOMException('no such algorithm', 'NotSupportedError')),
};

describe('the key pair made in the browser (VPN-2)', () => {
  it('belongs together as `wg pubkey` has it, by WebCrypto', async () => {
    const key = await newKey();
    expect(publicKeyOf(toPrivateKey('x25519', key.reveal()))).toBe(key.publicKey);
  });

  it('belongs together where WebCrypto has no X25519', async () => {
    const key = await newKey(withoutX25519);
    expect(publicKeyOf(toPrivateKey('x25519', key.reveal()))).toBe(key.publicKey);
  });

  it('is another each time, and clamped as `wg genkey` does', async () => {
    const [one, other] = [await newKey(), await newKey()];
    expect(one.publicKey).not.toBe(other.publicKey);
    const bytes = Uint8Array.from(atob(one.reveal()), (letter) => letter.codePointAt(0) ?? 0);
    expect([(bytes[0] ?? 0) & 7, (bytes[31] ?? 0) & 192]).toEqual([0, 64]);
  });

  it('cannot be read any more once wiped', async () => {
    const key = await newKey();
    key.wipe();
    expect(() => key.reveal()).toThrow('wiped');
  });

  it('gives the profile that the command line gives for the same key (VPN-3)', async () => {
    const key = await newKey();
    const byCommandLine = composeProfile(toPrivateKey('x25519', key.reveal()), SERVER);
    expect(profileText(key, SERVER)).toBe(byCommandLine);
  });

  it.each([
    { address: '100.64.3.17\nPostUp = reboot' },
    { endpoint: 'gw\nPostUp = reboot:1' },
    { allowedIps: ['0.0.0.0/0'] },
    { allowedIps: [] },
    { serverPublicKey: 'none' },
    { keepalive: -1 },
  ])('makes no profile of %j (VPN-3)', async (part) => {
    const key = await newKey();
    expect(() => profileText(key, { ...SERVER, ...part })).toThrow('no profile may contain');
  });
});
