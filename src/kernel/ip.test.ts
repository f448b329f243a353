import { expect, test } from 'vitest';
import { fakeRunner } from './fake.ts';
import { type IpState, type IpWanted, planIp, readIp } from './ip.ts';

const wanted: IpWanted = {
  links: [{ dev: 'slot1', mtu: 1420 }],
  addresses: [{ dev: 'slot1', address: '100.80.0.1/32' }],
  rules: [
    { pref: 100, match: 'fwmark 0x100/0x100', action: 'lookup 200' },
    { pref: 400, match: 'iif slot1', action: 'unreachable' },
    { pref: 500, match: '', action: 'lookup local' },
  ],
  routes: [{ table: '200', dst: '100.64.0.0/16', dev: 'slot1', src: '100.80.0.1' }],
  owned: { address: ({ dev }) => dev === 'slot1', rule: ({ pref }) => pref <= 599, table: (table) => table === '200' },
};

const NOTHING: IpState = {
  links: [{ dev: 'slot1', up: false, mtu: 1500 }],
  addresses: [],
  rules: [
    { pref: 0, match: '', action: 'lookup local' },
    { pref: 32766, match: '', action: 'lookup main' },
  ],
  routes: [],
};

test('rules come before the interface is up, and new rules before old ones go', () => {
  expect(planIp(wanted, NOTHING)).toEqual([
    'rule add pref 100 fwmark 0x100/0x100 lookup 200',
    'rule add pref 400 iif slot1 unreachable',
    'rule add pref 500 from all lookup local',
    'rule del pref 0 from all lookup local',
    'link set dev slot1 mtu 1420 up',
    'addr add 100.80.0.1/32 dev slot1',
    'route replace 100.64.0.0/16 dev slot1 table 200 src 100.80.0.1',
  ]);
});

test('what ip prints of that is what was wanted: nothing is left to do', async () => {
  const answers = [
    '[{"ifname":"slot1","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"mtu":1420}]',
    '[{"ifname":"slot1","addr_info":[{"family":"inet","local":"100.80.0.1","prefixlen":32,"scope":"global"}]}]',
    '[{"priority":100,"src":"all","fwmark":"0x100","fwmask":"0x100","table":"200"},{"priority":400,"src":"all","iif":"slot1","action":"unreachable"},{"priority":500,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]',
    '[{"dst":"100.64.0.0/16","dev":"slot1","scope":"link","prefsrc":"100.80.0.1","flags":[]}]',
  ];
  const kernel = fakeRunner(() => `${answers.join('\n')}\n`);
  expect(planIp(wanted, await readIp(kernel, ['200']))).toEqual([]);
  expect(kernel.text()).toBe('ip -j -4 -batch -\n  link show\n  addr show\n  rule show\n  route show table 200');
});

test('an answer that lacks a part is none: nothing is added because it was not read', async () => {
  const kernel = fakeRunner(() => '[]\n[]\n[]\n');
  await expect(readIp(kernel, ['200'])).rejects.toThrow('answered 3 of 4 questions');
});

test('only what is ours is removed', () => {
  const actual: IpState = {
    links: [{ dev: 'slot1', up: true, mtu: 1420 }],
    addresses: [...wanted.addresses, { dev: 'slot1', address: '10.0.0.1/8' }, { dev: 'eth0', address: '10.0.0.2/8' }],
    rules: [
      ...wanted.rules,
      { pref: 90, match: '', action: 'lookup 7' },
      { pref: 32766, match: '', action: 'lookup main' },
    ],
    routes: [
      ...wanted.routes,
      { table: '200', dst: 'default', dev: 'eth0' },
      { table: 'main', dst: 'default', dev: 'eth0' },
    ],
  };
  expect(planIp(wanted, actual)).toEqual([
    'rule del pref 90 from all lookup 7',
    'addr del 10.0.0.1/8 dev slot1',
    'route del default dev eth0 table 200',
  ]);
});
