import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type World, USER1, buildWorld, ip } from './gateway-world.ts';
import { type Running, countOn, must, until } from './support.ts';

let world: World;
let revision = 10;
const started: Running[] = [];

const DEVICE = `${import.meta.dirname}/gateway-device.py`;
const LISTENERS = 8;
/** More than the refused packets that are answered at once, fewer than the connections that may be opened at once. */
const MANY = 130;

beforeAll(async () => {
  world = await buildWorld();
  await world.control.change(world.rows);
  await world.connect(world.laptops[0], world.userKeys[0], USER1, '192.168.0.0/16,100.96.0.0/11');
});

beforeEach(async () => {
  const reach = [1, 2].map((plant): [ReturnType<typeof ip>, number, number] => [ip(USER1), plant, ++revision]);
  await world.control.change({ reach });
  for (const target of ['100.96.1.10', '100.96.2.10'])
    await until(() => must(world.laptops[0], `socat -T2 - TCP:${target}:80 | grep plant`));
});

afterEach(async () => {
  for (const running of started.splice(0)) await running.end();
});

afterAll(() => world.close());

/** Connections on which only the device sends. Waits until each has heard something. */
async function listenTo(target: string, count = LISTENERS): Promise<Running> {
  const running = world.laptops[0].start(['python3', DEVICE, 'listen', target, USER1, String(count)]);
  started.push(running);
  await until(() => expect(running.output().match(/heard/g)).toHaveLength(count), 20_000);
  return running;
}

const resets = (running: Running) => running.output().match(/ended ConnectionResetError/g) ?? [];

test('a client that only listens is reset when its access goes; the same user’s other connections are left alone (VPN-8)', async () => {
  const withdrawn = [await listenTo('192.168.1.10'), await listenTo('100.96.1.10')];
  const kept = await listenTo('100.96.2.10');
  await world.control.change({}, { reach: [[ip(USER1), 1]] });
  await until(() => expect(withdrawn.map((running) => resets(running).length)).toEqual([LISTENERS, LISTENERS]));
  const device = 'src 100.96.2.10 and tcp port 5001';
  const heard = await countOn(world.laptops[0], 'wg0', device, () => Promise.resolve(), 300, LISTENERS + 1);
  expect(heard).toBeGreaterThan(LISTENERS);
  expect(kept.output()).not.toMatch(/ended|closed/);
});

test('what was withdrawn while the daemon was dead is told as well, when it is back (VPN-8, AVL-4)', async () => {
  const withdrawn = await listenTo('192.168.1.10');
  const kept = await listenTo('100.96.2.10');
  await must(world.gateway, "kill -9 $(pgrep -f '^[^ ]*node .*src/gateway/main.ts')");
  const revision = world.control.push({}, { reach: [[ip(USER1), 1]] });
  world.startGateway();
  await world.control.acknowledged(revision);
  await until(() => expect(resets(withdrawn)).toHaveLength(LISTENERS));
  expect(kept.output()).not.toMatch(/ended|closed/);
});

test('a user with more open connections than a scanner gets answers hears of each that ended (VPN-8)', async () => {
  const withdrawn = await listenTo('100.96.1.10', MANY);
  await world.control.change({}, { reach: [[ip(USER1), 1]] });
  await until(() => expect(resets(withdrawn)).toHaveLength(MANY));
});
