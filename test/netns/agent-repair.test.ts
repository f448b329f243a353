import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  acks,
  agent,
  ask,
  endStarted,
  expectSteady,
  killAgent,
  moreLines,
  repairs,
  restartAgent,
  revision,
  set,
  setUp,
  stateWith,
  stream,
  world,
} from './agent-plant.ts';
import { must, until } from './agent-world.ts';

beforeAll(setUp);
afterEach(endStarted);
afterAll(() => world.close());

test.each([
  ['without control’s signature', (text: string) => [text, Buffer.alloc(64).toString('base64')]],
  ['with a signature over another text', (text: string) => [text, world.control.sign(`${text} `)]],
  ['of another plant', (text: string) => [text.replace('"plant":4', '"plant":5'), '']],
  ['that is malformed', () => ['{"revision":9000}', '']],
])('a state %s changes nothing', async (_, make) => {
  const state = JSON.stringify(stateWith({ revision: 9000, users: [] }));
  const [text = '', signature] = make(state);
  const refusals = refused();
  world.control.sendRaw(text, signature === '' ? world.control.sign(text) : (signature ?? ''));
  await until(() => expect(refused()).toBe(refusals + 1));
  expect(acks()).not.toContain(9000);
  expect(await readFile(join(world.stateDir, 'state.json'), 'utf8')).not.toContain('9000');
  expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).text).toContain('d1');
});

const refused = () => agent.output().split('refused a state').length;

test('flushed rules let nothing through, not even to the machine itself, and come back within 5 s (VPN-6, VPN-7)', async () => {
  const pid = await agent.pid();
  process.kill(pid, 'SIGSTOP');
  await must(world.agent, 'nft flush ruleset');
  expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).ok).toBe(false);
  for (const target of ['192.168.1.10', '192.168.1.1', '10.9.0.2', '100.80.0.9'])
    expect((await ask(world.g1, '100.64.0.11', target, target === '192.168.1.10' ? 80 : 22)).ok).toBe(false);
  const listener = world.agent.start(['socat', '-u', 'UDP-RECV:68,reuseaddr,broadcast', 'STDOUT']);
  await until(async () => expect(await must(world.agent, 'ss -lun')).toContain(':68 '));
  for (const target of ['255.255.255.255', '224.0.0.1'])
    await world.g1.sh(`echo heard | socat - UDP-DATAGRAM:${target}:68,broadcast,so-bindtodevice=stub,bind=100.64.0.11`);
  await must(world.agent, 'sleep 0.5');
  expect(listener.output()).not.toContain('heard');
  await listener.end();
  const reports = repairs().length;
  const since = Date.now();
  process.kill(pid, 'SIGCONT');
  await until(async () => expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).text).toContain('d1'));
  expect(Date.now() - since).toBeLessThan(5000);
  await until(() => expect(repairs().slice(reports)).toContain('load rules'));
});

test.each([
  [
    'a policy rule',
    'ip rule del pref 51 iif gw1 unreachable',
    async () => (await must(world.agent, 'ip rule')).includes('51:	from all iif gw1'),
  ],
  [
    'a user that was added',
    'nft add element ip parkway_agent users "{ 100.64.0.13 }"',
    async () => !(await must(world.agent, 'nft list set ip parkway_agent users')).includes('100.64.0.13'),
  ],
  [
    'a peer',
    'wg set gw1 peer $(wg show gw1 peers) remove',
    async () => (await must(world.agent, 'wg show gw1 peers')).trim() !== '',
  ],
  [
    'an interface',
    'ip link del gw2',
    async () => (await world.agent.sh('ip addr show gw2')).text.includes('100.80.0.9'),
  ],
  [
    'a kernel parameter',
    'echo 1 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose',
    async () => (await must(world.agent, 'cat /proc/sys/net/netfilter/nf_conntrack_tcp_loose')).trim() === '0',
  ],
])('%s that others changed is repaired and reported', async (_, line, repaired) => {
  const reports = repairs().length;
  await must(world.agent, line);
  await until(async () => expect(await repaired()).toBe(true), 5000);
  await until(() => expect(repairs().length).toBeGreaterThan(reports));
});

test('a repair is not noticed by a connection that is open', async () => {
  const [client] = await stream('udp', '100.64.0.11', '100.96.1.10', 5004);
  const reports = repairs().length;
  await must(world.agent, 'nft delete chain ip parkway_agent hide');
  await until(() => expect(repairs().length).toBeGreaterThan(reports));
  await moreLines(client);
  expectSteady(client);
});

test('kill -9 and a restart without control interrupt nothing, and the state on disk is applied (AVL-4)', async () => {
  const [client, server] = await stream('udp', '100.64.0.11', '100.96.1.10', 5005);
  const [tcp] = await stream('tcp', '100.64.0.11', '100.96.1.10', 5006);
  world.control.away(true);
  await killAgent();
  await moreLines(client);
  await restartAgent();
  for (const one of [client, server, tcp]) {
    await moreLines(one);
    expectSteady(one);
  }
  world.control.away(false);
  const before = acks().length;
  await until(() => expect(acks().slice(before)).toContain(revision));
});

test('the endpoint of a gateway is followed, and a gateway that leaves takes its interface with it', async () => {
  await must(world.g1, 'wg set stub listen-port 51901');
  const moved = stateWith().gateways.map((g) => (g.gateway === 1 ? { ...g, endpoint: '198.51.1.1:51901' } : g));
  await set({ gateways: moved });
  await until(async () => expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).text).toContain('d1'));
  await set({ gateways: moved.filter(({ gateway }) => gateway === 1) });
  expect((await world.agent.sh('ip link show gw2')).ok).toBe(false);
  expect(await must(world.agent, 'ip rule')).not.toContain('gw2');
  expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).text).toContain('d1');
});
