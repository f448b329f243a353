import { expect, test } from 'vitest';
import type { AgentState } from '../wire/state.ts';
import { agentState } from '../wire/state.ts';
import { ipWanted, tunnelsOf } from './network.ts';
import { tableText, updateText } from './rules.ts';

const key = (n: number) => Buffer.alloc(32, n).toString('base64');

function stateWith(change: object = {}): AgentState {
  return agentState.parse({
    revision: 7,
    plant: 4,
    address: 0x64500009,
    gateways: [{ gateway: 1, address: 0x64500001, publicKey: key(1), endpoint: '198.51.1.1:51900' }],
    subnets: [{ network: '192.168.1.0/24', range: '100.96.1.0/24' }],
    users: [0x6440000b, 0x6440000c],
    userPool: '100.64.0.0/12',
    infrastructurePool: '100.80.0.0/12',
    ...change,
  });
}

test('the whole table as it is loaded', async () => {
  await expect(tableText(stateWith())).toMatchFileSnapshot('rules.test.nft');
});

test('a table without gateways, users and subnets is well-formed and holds no elements', () => {
  expect(tableText(stateWith({ gateways: [], subnets: [], users: [] }))).not.toContain('element');
});

test('a user who is withdrawn and one who is granted are two commands, the withdrawal first', () => {
  expect(updateText(stateWith(), stateWith({ users: [0x6440000c, 0x6440000d] }))).toEqual({
    withdraw: 'delete element ip parkway_agent users { 100.64.0.11 }\n',
    grant: 'add element ip parkway_agent users { 100.64.0.13 }\n',
  });
});

test('a range that comes to stand for another subnet loses the pair that its connections are checked against', () => {
  const moved = stateWith({ subnets: [{ network: '192.168.9.0/24', range: '100.96.1.0/24' }] });
  expect(updateText(stateWith(), moved)).toEqual({
    withdraw:
      'delete element ip parkway_agent ranges { 100.96.1.0/24 : 192.168.1.0/24 }\n' +
      'delete element ip parkway_agent pairs { 100.96.1.0/24 . 192.168.1.0/24 }\n',
    grant:
      'add element ip parkway_agent ranges { 100.96.1.0/24 : 192.168.9.0/24 }\n' +
      'add element ip parkway_agent pairs { 100.96.1.0/24 . 192.168.9.0/24 }\n',
  });
});

test('the same state changes nothing', () => {
  expect(updateText(stateWith(), stateWith({ revision: 8 }))).toEqual({ withdraw: '', grant: '' });
});

test('policy rules stand before the local table, and refuse what no rule set marked (VPN-7)', () => {
  const { rules } = ipWanted(stateWith(), new Set());
  const text = rules.toSorted((a, b) => a.pref - b.pref).map(({ match, action }) => `${match} ${action}`.trim());
  expect(text).toEqual([
    'fwmark 0x50570001 iif gw1 lookup main',
    'fwmark 0x5057ffff iif gw1 lookup local',
    'iif gw1 unreachable',
    'fwmark 0x50570001 lookup 1347878913',
    'to 100.80.0.0/12 lookup 1347944447',
    'lookup local',
    'to 100.64.0.0/12 unreachable',
    'to 100.80.0.0/12 unreachable',
  ]);
});

test('an interface that could not be made carries no route, and keeps nobody else from theirs', () => {
  const two = stateWith({
    gateways: [1, 2].map((n) => ({
      gateway: n,
      address: 0x64500000 + n,
      publicKey: key(n),
      endpoint: '198.51.1.1:51900',
    })),
  });
  const { routes, links } = ipWanted(two, new Set(['gw2', 'eth0']));
  expect(new Set(routes.map(({ dev }) => dev))).toEqual(new Set(['gw2']));
  expect(links.map(({ dev }) => dev)).toEqual(['gw2']);
});

test('a gateway may send as any user and as itself, and as nobody else', () => {
  expect(tunnelsOf(stateWith())[0]?.peer.allowedIps).toEqual(['100.64.0.0/12', '100.80.0.1/32']);
});
