import { expect, test } from 'vitest';
import type { WgPeerState, WgState } from '../kernel/wg.ts';
import { newKeyPair } from '../net/keys.ts';
import type { Tunnel } from './network.ts';
import { planTunnels } from './plan.ts';

const [own, gateway, other] = [1, 2, 3].map(() => newKeyPair('x25519').publicKey);
if (own === undefined || gateway === undefined || other === undefined) throw new Error('no keys');

const wanted: Tunnel = {
  dev: 'gw1',
  peer: {
    publicKey: gateway,
    endpoint: '198.51.1.1:51900',
    keepalive: 5,
    allowedIps: ['100.64.0.0/12', '100.80.0.1/32'],
  },
};

function found(change: Partial<WgPeerState> = {}, publicKey = own): WgState {
  const peer: WgPeerState = {
    publicKey: wanted.peer.publicKey,
    endpoint: '198.51.1.1:51900',
    allowedIps: ['100.80.0.1/32', '100.64.0.0/12'],
    handshake: 1,
    rx: 0,
    tx: 0,
    keepalive: 5,
    ...change,
  };
  return { publicKey, port: 40000, fwmark: 0, peers: new Map([[peer.publicKey, peer]]) };
}

const nothing = { remove: [], unpeer: [], create: [], key: [], peer: [] };

test('a tunnel that is as it should be is left alone, whatever the order of its prefixes', () => {
  expect(planTunnels([wanted], new Map([['gw1', found()]]), own)).toEqual(nothing);
});

test('a new tunnel is made, given the agent’s key and its peer', () => {
  expect(planTunnels([wanted], new Map(), own)).toEqual({ ...nothing, create: ['gw1'], key: ['gw1'], peer: [wanted] });
});

test.each([
  ['endpoint', { endpoint: '198.51.9.9:51900' }],
  ['keepalive', { keepalive: undefined }],
  ['prefixes', { allowedIps: ['0.0.0.0/0'] }],
])('a peer with another %s is set again, the tunnel stays', (_, change) => {
  expect(planTunnels([wanted], new Map([['gw1', found(change)]]), own)).toEqual({ ...nothing, peer: [wanted] });
});

test('a gateway with a new key: the old key goes', () => {
  expect(planTunnels([wanted], new Map([['gw1', found({ publicKey: other })]]), own)).toEqual({
    ...nothing,
    unpeer: [{ dev: 'gw1', keys: [other] }],
    peer: [wanted],
  });
});

test('the tunnel to a gateway that left goes; an interface of somebody else’s with such a name stays', () => {
  const actual = new Map([
    ['gw2', found()],
    ['gw3', found({}, other)],
    ['gw4', undefined],
  ]);
  expect(planTunnels([], actual, own)).toEqual({ ...nothing, remove: ['gw2'] });
});
