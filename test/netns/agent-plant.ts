/** What the agent's tests do with their plant (`agent-world.ts`): states, users' requests, streams, captures. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseIp } from '../../src/net/ip.ts';
import type { AgentStateJson } from '../../src/wire/state.ts';
import { type Host, type Program, type World, buildWorld, must, until } from './agent-world.ts';

/** The plant of this test file, once it is set up. */
export let world: World;
/** The agent that runs in it. */
export let agent: Program;
/** The revision of the state sent last. */
export let revision = 0;
let lastMade = 0;
const started: Program[] = [];

/** An address as the wire has it. */
export const ip = (text: string) => parseIp(text) ?? 0;
const STREAM = join(import.meta.dirname, 'agent-stream.py');

/** A new revision of the plant's state: both gateways, both subnets, three users; with what the test changes. */
export function stateWith(change: Partial<AgentStateJson> = {}): AgentStateJson {
  const [key1, key2] = world.gatewayKeys;
  return {
    revision: ++lastMade,
    plant: 4,
    address: ip('100.80.0.9'),
    gateways: [
      { gateway: 1, address: ip('100.80.0.1'), publicKey: key1.publicKey, endpoint: '198.51.1.1:51900' },
      { gateway: 2, address: ip('100.80.0.2'), publicKey: key2.publicKey, endpoint: '198.51.2.1:51900' },
    ],
    subnets: [
      { network: '192.168.1.0/24', range: '100.96.1.0/24' },
      { network: '192.168.2.0/24', range: '240.1.2.0/24' },
    ],
    users: ['100.64.0.11', '100.64.0.12', '100.64.0.21'].map(ip),
    userPool: '100.64.0.0/12',
    infrastructurePool: '100.80.0.0/12',
    ...change,
  };
}

/** Sends a state and waits until the agent says that its kernel holds it. */
export async function set(change: Partial<AgentStateJson> = {}): Promise<void> {
  const state = stateWith(change);
  world.control.send(state);
  ({ revision } = state);
  await until(() => expect(acks()).toContain(state.revision));
}

/** Revisions that the agent has acknowledged. */
export const acks = () => world.control.said.flatMap((m) => (m.type === 'ack' ? [m.revision] : []));
/** What the agent has reported as repaired. */
export const repairs = () => world.control.said.flatMap((m) => (m.type === 'repaired' ? [m.detail] : []));

/** Starts a program that ends with the test. */
export function start(host: Host, ...argv: string[]): Program {
  const running = host.start(argv);
  started.push(running);
  return running;
}

/** What a short TCP exchange from a user's address says. */
export const ask = (host: Host, source: string, target: string, port = 80) =>
  host.sh(`timeout 2 socat -t 1 - TCP:${target}:${port},bind=${source},connect-timeout=1`);

/** What comes back of a path probe from an address of the first gateway. */
export const probe = (source: string): Promise<string> =>
  world.g1.sh(`echo here | timeout 2 socat -t 1 - UDP:100.80.0.9:51999,bind=${source}`).then(({ text }) => text);

/** Counts the packets on an interface that match, while something is done, until no more come and `least` have come. */
export async function countOn(
  host: Host,
  dev: string,
  filter: string,
  during: () => Promise<unknown>,
  least = 0,
): Promise<number> {
  const capture = start(host, 'tcpdump', '-l', '-n', '--immediate-mode', '-i', dev, filter);
  const seen = () =>
    capture
      .output()
      .split('\n')
      .filter((line) => / IP /.test(line)).length;
  await until(() => expect(capture.output()).toContain('listening on'));
  await during();
  await until(() => expect(seen()).toBeGreaterThanOrEqual(least));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await capture.end();
  return seen();
}

/** Opens a stream from a user to a device, both sides sending, and waits until lines arrive at both. */
export async function stream(
  proto: 'tcp' | 'udp',
  source: string,
  target: string,
  port: number,
): Promise<[Program, Program]> {
  const server = start(world.d1, 'python3', STREAM, 'server', proto, String(port), 'd1');
  await until(async () => expect(await must(world.d1, 'ss -Hlnut')).toContain(`:${port} `));
  const client = start(world.g1, 'python3', STREAM, 'client', proto, source, target, String(port));
  await until(() => {
    expect(client.output()).toContain('d1 ');
    expect(server.output()).toContain('user ');
  });
  return [client, server];
}

/** Builds the plant and waits until both gateways carry a user's connection. */
export async function setUp(): Promise<void> {
  world = await buildWorld();
  agent = world.startAgent();
  await until(() => expect(world.control.said[0]?.type).toBe('hello'), 20_000);
  world.d1.start(['socat', 'TCP-LISTEN:80,fork,reuseaddr', 'SYSTEM:echo d1 $SOCAT_PEERADDR']);
  world.d2.start(['socat', 'TCP-LISTEN:80,fork,reuseaddr', 'SYSTEM:echo d2 $SOCAT_PEERADDR']);
  world.agent.start(['socat', 'TCP-LISTEN:22,fork,reuseaddr', 'SYSTEM:echo agent']);
  await set();
  await until(async () => expect((await ask(world.g1, '100.64.0.11', '100.96.1.10')).text).toContain('d1'));
  await until(async () => expect((await ask(world.g2, '100.64.0.21', '100.96.1.10')).text).toContain('d1'));
}

/** Ends what the test has started. */
export async function endStarted(): Promise<void> {
  for (const running of started.splice(0)) await running.end();
}

/** Kills the agent's daemon with -9. */
export async function killAgent(): Promise<void> {
  await agent.end();
}

/** Starts the daemon again and waits until the kernel holds the state that is on disk. */
export async function restartAgent(): Promise<void> {
  agent = world.startAgent();
  await until(() => expect(agent.output()).toContain('"applied"'));
}

const linesOf = (end: Program) => [...end.output().matchAll(/^(\d+\.\d+) \w+ (\d+)$/gm)];

/** Waits for ten lines more than there are. */
export async function moreLines(end: Program): Promise<void> {
  const count = linesOf(end).length;
  await until(() => expect(linesOf(end).length).toBeGreaterThan(count + 10));
}

/** All lines so far came in order, none missing, with no pause of half a second. */
export function expectSteady(end: Program): void {
  const lines = linesOf(end).map(([, at, n]) => ({
    at: Number(at),
    n: Number(n),
  }));
  expect(lines.length).toBeGreaterThan(5);
  lines.slice(1).forEach(({ at, n }, i) => {
    expect(n).toBe((lines[i]?.n ?? 0) + 1);
    expect(at - (lines[i]?.at ?? 0)).toBeLessThan(0.5);
  });
}
