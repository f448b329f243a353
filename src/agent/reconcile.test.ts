import { expect, test } from 'vitest';
import { type FakeAnswer, fakeRunner } from '../kernel/fake.ts';
import { nftTable } from '../kernel/nft.ts';
import { newKeyPair } from '../net/keys.ts';
import { type AgentState, agentState } from '../wire/state.ts';
import { TABLE } from './names.ts';
import { type Kernel, reconcile } from './reconcile.ts';

const tunnelKey = newKeyPair('x25519');
const gatewayKey = newKeyPair('x25519').publicKey;

function stateWith(users: readonly number[], gateways: readonly number[] = [1]): AgentState {
  return agentState.parse({
    revision: 7,
    plant: 4,
    address: 0x64500009,
    gateways: gateways.map((n) => ({
      gateway: n,
      address: 0x64500000 + n,
      publicKey: gatewayKey,
      endpoint: '198.51.1.1:51900',
    })),
    subnets: [],
    users,
    userPool: '100.64.0.0/12',
    infrastructurePool: '100.80.0.0/12',
  });
}

/** A machine with these interfaces on which every command succeeds but for those that `refuse` matches. */
function machine(devices: readonly string[], refuse?: (argv: string, input: string) => boolean) {
  const there = new Set(devices);
  const answer: FakeAnswer = (argv, input) => {
    if (refuse?.(argv, input) === true) return undefined;
    if (argv === 'ip -j -4 -batch -') {
      const links = JSON.stringify([...there].map((ifname) => ({ ifname, flags: ['UP'], mtu: 1420 })));
      return [links, ...input.trimEnd().split('\n').slice(1).fill('[]')].join('\n');
    }
    const made = /^ip link add dev (\S+)/.exec(argv)?.[1];
    if (made !== undefined) there.add(made);
    if (argv === 'wg show all dump') return [...there].map((dev) => dump().replaceAll(/^(?=.)/gm, `${dev}\t`)).join('');
    if (argv.startsWith('sysctl -n')) return '1\n1\n0\n1\n1\n1\n';
    return '';
  };
  const runner = fakeRunner(answer);
  const kernel: Kernel = { runner, nft: nftTable(runner, TABLE, 1), tunnelKey, rules: { loaded: undefined } };
  return { kernel, runner };
}

function dump(): string {
  const own = `(hidden)\t${tunnelKey.publicKey}\t40000\toff`;
  const peer = [gatewayKey, '(none)', '198.51.1.1:51900', '100.64.0.0/12,100.80.0.1/32', '1', '0', '0', '5'].join('\t');
  return `${own}\n${peer}\n`;
}

test('rules come before tunnels, policy rules before the interface is up, and no key is in an argument', async () => {
  const { kernel, runner } = machine([]);
  await reconcile(kernel, stateWith([0x6440000b]));
  const text = runner.text();
  const order = [
    'nft -f -',
    'ip link add dev gw1',
    'wg set gw1 private-key',
    'wg addconf gw1',
    'iif gw1 unreachable',
    'dev gw1 table',
  ];
  const places = order.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(text).not.toContain(tunnelKey.privateKey.reveal());
});

test('the rules change before anything else is looked at; then a tunnel that is not wanted ends', async () => {
  const { kernel, runner } = machine(['eth0', 'gw1', 'gw2']);
  const done = await reconcile(kernel, stateWith([0x6440000b], [1]));
  expect(done.slice(0, 2)).toEqual(['load rules', 'remove gw2']);
  expect(runner.text().startsWith('nft -f -')).toBe(true);
});

test('a change of users is one small transaction, and no change is none', async () => {
  const { kernel, runner } = machine(['gw1']);
  const before = stateWith([0x6440000b]);
  await reconcile(kernel, before);
  runner.clear();
  await reconcile(kernel, stateWith([0x6440000c]));
  expect(runner.text()).toContain('delete element ip parkway_agent users { 100.64.0.11 }');
  expect(runner.text()).not.toContain('chain');
  runner.clear();
  await reconcile(kernel, stateWith([0x6440000c]));
  expect(runner.text()).not.toContain('nft');
});

test('a grant that the kernel refuses does not keep a withdrawn user in, and is tried again whole', async () => {
  const { kernel, runner } = machine(['gw1'], (argv, input) => argv.startsWith('nft') && input.includes('100.64.0.13'));
  await reconcile(kernel, stateWith([0x6440000b, 0x6440000c]));
  runner.clear();
  await expect(reconcile(kernel, stateWith([0x6440000c, 0x6440000d]))).rejects.toThrow(AggregateError);
  const last = runner.text().split('nft -f -').at(-1) ?? '';
  expect(last).toContain('delete element ip parkway_agent users { 100.64.0.11 }');
  expect(last).not.toContain('100.64.0.13');
  expect(kernel.rules.loaded).toBeUndefined();
});

test('a tunnel that cannot be made does not hold up another', async () => {
  const { kernel, runner } = machine([], (argv) => argv.includes('gw1'));
  await expect(reconcile(kernel, stateWith([], [1, 2]))).rejects.toThrow(/gw1/);
  expect(runner.text()).toContain('wg addconf gw2');
});
