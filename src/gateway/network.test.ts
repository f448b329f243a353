import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { newKeyPair } from '../net/keys.ts';
import { cidr } from '../net/cidr.ts';
import { planIp } from '../kernel/ip.ts';
import { uplinkRoutes, wantedNetwork } from './network.ts';

const slot = {
  slot: 1,
  address: toIp(0xcb007101),
  port: 51820,
  publicKey: newKeyPair('x25519').publicKey,
  sealedKey: '',
  users: cidr('100.64.0.0/16'),
};
const MAIN = [
  { table: 'main', dst: 'default', via: '198.51.1.1', dev: 'eth0' },
  { table: 'main', dst: 'default', via: '198.51.1.9', dev: 'eth0' },
  { table: 'main', dst: '198.51.1.0/24', dev: 'eth0', src: '198.51.1.2' },
  { table: 'main', dst: '10.0.0.0/8', dev: 'eth1' },
];

test('marks decide before the local table does, and what is not marked and came by a tunnel goes nowhere (VPN-7)', () => {
  const uplinks = uplinkRoutes(MAIN, undefined);
  const wanted = wantedNetwork({ slots: [slot], address: toIp(0x64500001), pools: DEFAULT_POOLS, uplinks });
  const found = { links: [], addresses: [], rules: [{ pref: 0, match: '', action: 'lookup local' }], routes: [] };
  expect(planIp(wanted, found).join('\n')).toBe(`rule add pref 90 to 100.64.0.0/12 iif slot1 unreachable
rule add pref 100 fwmark 0x100/0x100 lookup 200
rule add pref 101 fwmark 0x200/0x200 lookup local
rule add pref 110 fwmark 0x5001 lookup 20481
rule add pref 400 iif slot1 unreachable
rule add pref 400 iif agents unreachable
rule add pref 450 from 100.80.0.1 iif lo lookup 201
rule add pref 500 from all lookup local
rule add pref 510 to 100.64.0.0/12 unreachable
rule add pref 510 to 100.80.0.0/12 unreachable
rule add pref 510 to 100.96.0.0/11 unreachable
rule add pref 510 to 240.0.0.0/4 unreachable
rule del pref 0 from all lookup local
link set dev slot1 mtu 1420 up
link set dev agents mtu 1420 up
addr add 100.80.0.1/32 dev agents
addr add 203.0.113.1/32 dev lo
route replace 100.64.0.0/16 dev slot1 table 200 src 100.80.0.1
route replace default dev agents table 200 src 100.80.0.1
route replace 100.80.0.0/12 dev agents table 201 src 100.80.0.1
route replace 198.51.1.0/24 dev eth0 table 20481 src 203.0.113.1
route replace default via 198.51.1.1 dev eth0 table 20481 src 203.0.113.1`);
});

test('an uplink that is named is taken instead of that of the default route', () => {
  expect(uplinkRoutes(MAIN, 'eth1')).toEqual([{ table: 'main', dst: '10.0.0.0/8', dev: 'eth1' }]);
});
