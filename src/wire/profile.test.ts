import { describe, expect, it } from 'vitest';
import { newKeyPair, publicKeyOf, toPrivateKey } from '../net/keys.ts';
import { composeProfile, privateKeyIn } from './profile.ts';

const server = {
  address: '100.64.0.7',
  serverPublicKey: newKeyPair('x25519').publicKey,
  endpoint: '203.0.113.10:51820',
  allowedIps: ['10.0.0.0/8', '100.96.0.0/11'],
  keepalive: 25,
};

describe('composeProfile', () => {
  it('writes exactly what a stock WireGuard client needs (VPN-2, VPN-3)', () => {
    const { privateKey } = newKeyPair('x25519');
    expect(composeProfile(privateKey, server)).toBe(
      [
        '[Interface]',
        `PrivateKey = ${privateKey.reveal()}`,
        'Address = 100.64.0.7/32',
        '',
        '[Peer]',
        `PublicKey = ${server.serverPublicKey}`,
        'Endpoint = 203.0.113.10:51820',
        'AllowedIPs = 10.0.0.0/8, 100.96.0.0/11',
        'PersistentKeepalive = 25',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a command behind the endpoint', { endpoint: '203.0.113.10:51820\nPostUp = touch /tmp/x' }],
    ['a command behind the address', { address: '100.64.0.7\nPostUp = touch /tmp/x' }],
    ['a command behind the key', { serverPublicKey: `${server.serverPublicKey}\nPostUp = x` }],
    ['a command in a range', { allowedIps: ['10.0.0.0/8\nPostUp = x'] }],
    ['a default route', { allowedIps: ['0.0.0.0/0'] }],
    ['no range at all', { allowedIps: [] }],
  ])('refuses %s', (_what, change) => {
    expect(() => composeProfile(newKeyPair('x25519').privateKey, { ...server, ...change })).toThrow(/./);
  });
});

describe('privateKeyIn', () => {
  it('reads back the key that a profile was composed with', () => {
    const pair = newKeyPair('x25519');
    const key = privateKeyIn(composeProfile(pair.privateKey, server)) ?? '';
    expect(publicKeyOf(toPrivateKey('x25519', key))).toBe(pair.publicKey);
  });

  it('finds none in a file that has none', () => {
    expect(privateKeyIn('[Peer]\nPublicKey = abc\n')).toBeUndefined();
  });
});
