import { expect, test } from 'vitest';
import { newKeyPair } from '../net/keys.ts';
import { fakeRunner } from './fake.ts';
import { KernelError } from './run.ts';
import { configureWg, createWgInterface, parseWgDump, removeWgPeers, renewWgPeer, setWgPeers } from './wg.ts';

const peer = newKeyPair('x25519').publicKey;
const own = newKeyPair('x25519');

test('a dump is read without its private key', () => {
  const state = parseWgDump(
    `${own.privateKey.reveal()}\t${own.publicKey}\t51820\t0x5001\n${peer}\t(none)\t198.51.2.2:4242\t100.64.0.1/32,100.64.0.2/32\t1700000000\t10\t20\t25\n`,
  );
  expect(state).toEqual({
    publicKey: own.publicKey,
    port: 51820,
    fwmark: 0x5001,
    peers: new Map([
      [
        peer,
        {
          publicKey: peer,
          endpoint: '198.51.2.2:4242',
          allowedIps: ['100.64.0.1/32', '100.64.0.2/32'],
          handshake: 1_700_000_000,
          rx: 10,
          tx: 20,
          keepalive: 25,
        },
      ],
    ]),
  });
  expect(JSON.stringify(state)).not.toContain(own.privateKey.reveal());
});

test('a new interface without key or peers is read as such', () => {
  expect(parseWgDump('(none)\t(none)\t0\toff\n')).toEqual({
    publicKey: undefined,
    port: 0,
    fwmark: 0,
    peers: new Map(),
  });
});

test('private keys go through standard input, never in arguments', async () => {
  const runner = fakeRunner(() => '');
  await configureWg(runner, 'slot1', { privateKey: own.privateKey, port: 51820, fwmark: 0x5001 });
  expect(runner.text()).toBe('wg set slot1 listen-port 51820 fwmark 0x5001 private-key /dev/stdin\n  (a private key)');
});

test('peers are set by configuration and removed by name; nothing to do starts nothing', async () => {
  const runner = fakeRunner(() => '');
  await setWgPeers(runner, 'slot1', []);
  await removeWgPeers(runner, 'slot1', []);
  await setWgPeers(runner, 'slot1', [{ publicKey: peer, allowedIps: ['100.64.0.1/32'], keepalive: 25 }]);
  await removeWgPeers(runner, 'slot1', [peer]);
  expect(runner.text()).toBe(
    `wg addconf slot1 /dev/stdin\n  [Peer]\n  PublicKey = ${peer}\n  AllowedIPs = 100.64.0.1/32\n  PersistentKeepalive = 25\nwg set slot1 peer ${peer} remove`,
  );
});

test('a peer is renewed by one command, so that hardly a packet meets a tunnel without it', async () => {
  const runner = fakeRunner(() => '');
  const allowedIps = ['100.64.0.0/12', '100.80.0.1/32'];
  await renewWgPeer(runner, 'gw1', { publicKey: peer, allowedIps, endpoint: '198.51.1.2:51900', keepalive: 5 });
  expect(runner.text()).toBe(
    `wg set gw1 peer ${peer} remove peer ${peer} allowed-ips 100.64.0.0/12,100.80.0.1/32 endpoint 198.51.1.2:51900 persistent-keepalive 5`,
  );
});

test('wireguard-go serves where the kernel has no WireGuard, and only there', async () => {
  const without = fakeRunner((argv) => {
    if (argv.startsWith('ip ')) throw new KernelError(argv.split(' '), 'ended with 2', 'Error: Unknown device type.');
    return '';
  });
  await createWgInterface(without, 'slot1');
  expect(without.text()).toContain('setsid wireguard-go slot1');
  const refusing = fakeRunner((argv) => {
    throw new KernelError(argv.split(' '), 'ended with 2', 'RTNETLINK answers: Operation not permitted');
  });
  await expect(createWgInterface(refusing, 'slot1')).rejects.toThrow('not permitted');
  expect(refusing.text()).not.toContain('wireguard-go');
});
