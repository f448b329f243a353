import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RowsJson } from '../../src/wire/state.ts';
import { type World, USER1, USER2, buildWorld, ip } from './gateway-world.ts';
import { type Machine, type Running, countOn, must, until } from './support.ts';

let world: World;
const started: Running[] = [];
let revisions = 10;

const SPLIT = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.96.0.0/11';

/** What a device says to a short TCP exchange. */
const ask = (laptop: Machine, target: string, port = 80) =>
  laptop.sh(`timeout 3 socat -T 2 - TCP:${target}:${port},connect-timeout=2 </dev/null`);

/** Sends numbered lines to a device and prints what comes back. */
function hold(laptop: Machine, proto: 'tcp' | 'udp', target: string, source: string): Running {
  const running = laptop.start([
    'python3',
    `${import.meta.dirname}/gateway-device.py`,
    'hold',
    proto,
    target,
    '5000',
    source,
  ]);
  started.push(running);
  return running;
}

const lines = (running: Running, text: string) =>
  running
    .output()
    .split('\n')
    .filter((line) => line.startsWith(text)).length;

async function goesOn(running: Running, text: string, timeout = 10_000): Promise<void> {
  const before = lines(running, text);
  await until(() => expect(lines(running, text)).toBeGreaterThan(before + 5), timeout);
}

const repairs = (what: string) => world.control.said.filter((m) => m.type === 'repaired' && m.what === what).length;

const allow = (...pairs: [string, number][]): RowsJson => ({
  reach: pairs.map(([user, plant]) => [ip(user), plant, ++revisions]),
});

beforeAll(async () => {
  world = await buildWorld();
  await world.control.change(world.rows);
  await connectBoth();
  const [laptop1] = world.laptops;
  await until(async () => {
    if (!(await ask(laptop1, '100.96.1.10')).text.includes('plant1')) throw new Error('no way to plant 1');
  }, 20_000);
  await until(() => {
    if (paths().get(2) !== true) throw new Error('no path to plant 2');
  });
});

beforeEach(async () => {
  await world.control.change(
    { reach: [[ip(USER1), 1, 2]] },
    {
      reach: [
        [ip(USER1), 2],
        [ip(USER2), 1],
        [ip(USER2), 2],
      ],
      settings: [1, 2, 3].map((subnet): [ReturnType<typeof ip>, number] => [ip(USER1), subnet]),
    },
  );
});

afterEach(async () => {
  for (const running of started.splice(0)) await running.end();
});

afterAll(async () => {
  await world.close();
});

/** Both laptops with a new handshake: a client whose peer forgot it notices by itself after 15 s or more. */
async function connectBoth(): Promise<void> {
  await world.connect(world.laptops[0], world.userKeys[0], USER1, SPLIT);
  await world.connect(world.laptops[1], world.userKeys[1], USER2, '0.0.0.0/0');
}

/** What the gateway last said of each path since it connected: what a daemon said that was killed since is no news. */
function paths(): Map<number, boolean> {
  const state = new Map<number, boolean>();
  for (const message of world.control.said) {
    if (message.type === 'hello' || (message.type === 'paths' && message.full)) state.clear();
    if (message.type !== 'paths') continue;
    for (const plant of message.up) state.set(plant, true);
    for (const plant of message.down) state.set(plant, false);
  }
  return state;
}

test('a user reaches a granted plant by native address, by alias, and natively where there is no alias (VPN-10)', async () => {
  const [laptop1] = world.laptops;
  expect((await ask(laptop1, '192.168.1.10')).text.trim()).toBe(`plant1 ${USER1}`);
  expect((await ask(laptop1, '100.96.1.10')).text.trim()).toBe(`plant1 ${USER1}`);
  expect((await ask(laptop1, '10.16.1.10')).text.trim()).toBe(`plant1 ${USER1}`);
  expect((await laptop1.sh('ping -c2 -i0.2 -W1 192.168.1.10')).ok).toBe(true);
});

test('nothing else has a path: no other plant, by no address of it, and not one packet arrives there (VPN-7)', async () => {
  const [laptop1, laptop2] = world.laptops;
  const [plant1, plant2] = world.plants;
  const seen2 = await countOn(plant2, 'stub', 'not udp port 51999', async () => {
    expect((await ask(laptop1, '100.96.2.10')).text).toContain('refused');
    expect((await laptop1.sh('ping -c1 -W1 100.96.2.10')).text).toContain('Packet filtered');
  });
  const seen1 = await countOn(plant1, 'stub', 'not udp port 51999', async () => {
    for (const target of ['192.168.1.10', '100.96.1.10', '10.16.1.10', '240.0.1.10', '100.80.1.1']) {
      expect((await ask(laptop2, target)).text).toContain('refused');
    }
  });
  expect([seen1, seen2]).toEqual([0, 0]);
});

test('a hidden range cannot be typed, only translated to', async () => {
  await world.control.change(allow([USER2, 1]));
  const [, laptop2] = world.laptops;
  expect((await ask(laptop2, '10.16.1.10')).text).toContain('plant1');
  expect((await ask(laptop2, '240.0.1.10')).text).toContain('refused');
});

/** Everything that a user with AllowedIPs 0.0.0.0/0 may try beside the plants. */
const FORBIDDEN = [
  '198.51.1.2',
  '203.0.113.1',
  '100.80.0.1',
  '127.0.0.1',
  '198.51.1.1',
  '198.51.1.255',
  '100.80.1.1',
  '100.80.1.2',
  '100.64.0.11',
  '198.51.11.2',
];

async function reachesNothing(laptop: Machine, targets: readonly string[]): Promise<void> {
  const tries = targets.map(async (target) => {
    // Its own loopback is not what is meant: the packet has to leave by the tunnel.
    const bind = target === '127.0.0.1' ? '' : ',bind=100.64.0.12';
    const { text } = await laptop.sh(`timeout 2 socat -T 1 - TCP:${target}:22${bind},connect-timeout=1 </dev/null`);
    expect(text).not.toMatch(/gateway|edge|plant/);
    expect((await laptop.sh(`ping -c1 -W1 -I wg0 ${target}`)).ok).toBe(false);
  });
  await Promise.all(tries);
}

test('neither gateways, agents, control, the internet nor other users are reached (VPN-7)', async () => {
  const [laptop1, laptop2] = world.laptops;
  laptop1.start(['socat', 'TCP-LISTEN:22,fork,reuseaddr', 'SYSTEM:echo laptop']);
  expect((await ask(world.edge, '198.51.1.2', 22)).text).toContain('gateway');
  const seen = await countOn(laptop1, 'wg0', 'src 100.64.0.12', () => reachesNothing(laptop2, FORBIDDEN));
  expect(seen).toBe(0);
});

test('without a rule set a user reaches nothing at all, not the gateway itself and not by broadcast; with it back, all is back (VPN-7)', async () => {
  const [laptop1, laptop2] = world.laptops;
  await world.control.change(allow([USER2, 1]));
  await stopDaemon();
  await must(world.gateway, 'nft flush ruleset; rm -f /run/broadcast');
  const leaked = await countOn(world.gateway, 'eth0', 'src net 100.64.0.0/10', async () => {
    await reachesNothing(laptop2, [...FORBIDDEN, '192.168.1.10', '100.96.1.10', '240.0.1.10']);
    expect((await ask(laptop1, '192.168.1.10')).ok).toBe(false);
    await laptop2.sh('echo x | socat - UDP-DATAGRAM:255.255.255.255:68,broadcast,so-bindtodevice=wg0,bind=100.64.0.12');
    await laptop2.sh('echo x | socat - UDP-DATAGRAM:224.0.0.1:68,so-bindtodevice=wg0,bind=100.64.0.12');
  });
  expect(leaked).toBe(0);
  expect((await world.gateway.sh('cat /run/broadcast')).ok).toBe(false);
  startDaemon();
  await until(async () => expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1'));
});

test('an inner source that is not the certificate’s dies, and so does a range that an agent does not have', async () => {
  const [laptop1] = world.laptops;
  const [, plant2] = world.plants;
  await must(laptop1, 'ip addr add 100.64.0.12/32 dev wg0');
  const spoofed = await countOn(world.gateway, 'slot1', 'src 100.64.0.12', () =>
    laptop1.sh('ping -c2 -i0.2 -W1 -I 100.64.0.12 100.96.1.10'),
  );
  await must(laptop1, 'ip addr del 100.64.0.12/32 dev wg0');
  await must(plant2, 'ip addr add 100.96.1.10/32 dev stub');
  const claimed = await countOn(world.gateway, 'agents', 'src 100.96.1.10', () =>
    plant2.sh('ping -c2 -i0.2 -W1 -I 100.96.1.10 100.64.0.11'),
  );
  await must(plant2, 'ip addr del 100.96.1.10/32 dev stub');
  expect([spoofed, claimed]).toEqual([0, 0]);
});

test('a plant opens nothing: not to a user, not to another plant, not to the gateway (VPN-7)', async () => {
  const [laptop1] = world.laptops;
  const [plant1] = world.plants;
  await must(plant1, 'ip route replace 100.80.0.0/12 dev stub; ip route replace 198.51.1.2 via 198.51.11.1');
  const seen = await countOn(laptop1, 'wg0', 'src 100.96.1.10', async () => {
    for (const target of [`${USER1}:22`, '100.96.2.10:80', '100.80.1.2:80', '100.80.0.1:22']) {
      expect((await plant1.sh(`timeout 1 socat - TCP:${target},bind=100.96.1.10 </dev/null`)).ok).toBe(false);
      expect((await plant1.sh(`timeout 1 socat -T1 - TCP:${target},bind=100.80.1.1 </dev/null`)).text).not.toContain(
        'gateway',
      );
    }
    expect((await plant1.sh(`ping -c1 -W1 -I 100.96.1.10 ${USER1}`)).ok).toBe(false);
    expect((await plant1.sh('ping -c1 -W1 -I 100.80.1.1 100.80.0.1')).ok).toBe(false);
  });
  expect(seen).toBe(0);
});

test('a withdrawal resets TCP, refuses UDP and ends ICMP, at once and in both directions (VPN-8)', async () => {
  const [laptop1] = world.laptops;
  const [plant1] = world.plants;
  const native = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  const alias = hold(laptop1, 'tcp', '100.96.1.10', USER1);
  const datagrams = hold(laptop1, 'udp', '192.168.1.10', USER1);
  const ping = laptop1.start(['ping', '-i', '0.1', '192.168.1.10']);
  started.push(ping);
  for (const running of [native, alias, datagrams]) await goesOn(running, 'plant1');
  await until(() => expect(ping.output()).toContain('bytes from'));
  await world.control.change({}, { reach: [[ip(USER1), 1]] });
  const after = await countOn(
    plant1,
    'stub',
    'src 100.64.0.11 and not tcp[tcpflags] & tcp-rst != 0',
    () => Promise.resolve(),
    1000,
  );
  const back = await countOn(laptop1, 'wg0', 'src 192.168.1.10 and udp', () => Promise.resolve(), 500);
  expect([after, back]).toEqual([0, 0]);
  await until(() => {
    expect(native.output()).toContain('ended ConnectionResetError');
    expect(alias.output()).toContain('ended ConnectionResetError');
    expect(datagrams.output()).toContain('ended OSError 113');
    expect(ping.output()).toContain('Packet filtered');
  });
});

test('of two plants with one range the first keeps it; “use this park” moves it, connections by alias live on (VPN-9)', async () => {
  const [laptop1] = world.laptops;
  const [, plant2] = world.plants;
  const native = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  const datagrams = hold(laptop1, 'udp', '192.168.1.10', USER1);
  const alias = hold(laptop1, 'tcp', '100.96.1.10', USER1);
  for (const running of [native, datagrams, alias]) await goesOn(running, 'plant1');
  await world.control.change(allow([USER1, 2]));
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1');
  expect((await ask(laptop1, '100.96.2.10')).text).toContain('plant2');
  const strays = await countOn(plant2, 'stub', 'src 100.64.0.11', async () => {
    await world.control.change({ settings: [{ user: ip(USER1), subnet: 2, chosen: ++revisions, paused: false }] });
    await until(() => expect(native.output()).toContain('ended ConnectionResetError'));
    await goesOn(alias, 'plant1');
  });
  expect(strays).toBe(0);
  expect(datagrams.output()).not.toContain('plant2');
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant2');
  await goesOn(alias, 'plant1');
  // The owner goes, and the range is back with the other.
  await world.control.change({}, { reach: [[ip(USER1), 2]], settings: [[ip(USER1), 2]] });
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1');
});

test('a paused route carries nothing and gives its range to nobody (VPN-11)', async () => {
  const [laptop1] = world.laptops;
  await world.control.change({
    ...allow([USER1, 2]),
    settings: [{ user: ip(USER1), subnet: 1, chosen: 0, paused: true }],
  });
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('refused');
  expect((await ask(laptop1, '100.96.1.10')).text).toContain('refused');
  expect((await ask(laptop1, '10.16.1.10')).text).toContain('plant1');
  await world.control.change({ settings: [{ user: ip(USER1), subnet: 1, chosen: 0, paused: false }] });
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1');
});

test('what others change is repaired, and reported (VPN-6)', async () => {
  const [laptop1] = world.laptops;
  const held = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  await goesOn(held, 'plant1');
  const changes: [string, string][] = [
    ['rules', 'nft flush ruleset'],
    ['rules', `nft add element ip parkway bound24s11 '{ ${USER1} . 0 . 0x00026064 }'`],
    ['rules', 'nft insert rule ip parkway forward_ accept'],
    ['tunnels', 'wg set slot1 peer $(wg show slot1 peers | head -1) remove'],
    ['tunnels', 'wg set agents peer $(wg show agents peers | head -1) allowed-ips 0.0.0.0/0'],
    ['network', 'ip rule del pref 100; ip route flush table 200'],
    ['network', 'ip rule add pref 0 lookup local; sysctl -qw net.ipv4.ip_forward=0'],
  ];
  for (const [what, line] of changes) {
    const before = repairs(what);
    await must(world.gateway, line);
    await until(() => expect(repairs(what)).toBeGreaterThan(before), 5000);
  }
  // A client whose peer was away notices after 15 s without an answer.
  await goesOn(held, 'plant1', 30_000);
  expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1');
  expect(await must(world.gateway, 'nft list chain ip parkway forward_')).not.toMatch(/^\s*accept$/m);
  expect(await must(world.gateway, 'ip rule')).not.toMatch(/^0:/);
});

test('a tunnel whose process died is there again within seconds', async () => {
  const [laptop1] = world.laptops;
  const before = repairs('tunnels');
  await must(world.gateway, "kill -9 $(pgrep -f '^wireguard-go slot1')");
  await until(() => expect(repairs('tunnels')).toBeGreaterThan(before), 8000);
  await until(async () => expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1'), 20_000);
});

test('kill -9 of the daemon and its restart interrupt nothing; what changed meanwhile holds when it is back (AVL-4)', async () => {
  const [laptop1] = world.laptops;
  await world.control.change(allow([USER1, 2]));
  const kept = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  const other = hold(laptop1, 'tcp', '100.96.2.10', USER1);
  await goesOn(kept, 'plant1');
  await goesOn(other, 'plant2');
  await stopDaemon();
  await goesOn(kept, 'plant1');
  const revision = world.control.push({}, { reach: [[ip(USER1), 2]] });
  startDaemon();
  await world.control.acknowledged(revision);
  await until(() => expect(other.output()).toContain('ended ConnectionResetError'));
  await goesOn(kept, 'plant1');
  const numbers = kept
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('plant1 ') ? [Number(line.slice(7))] : []));
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
});

test('with control away and the daemon killed, the last state is there again from disk (AVL-4)', async () => {
  const [laptop1] = world.laptops;
  world.control.away(true);
  await stopDaemon();
  await must(
    world.gateway,
    'nft flush ruleset; ip link del slot1; ip rule flush; ip rule add pref 32766 lookup main; ip rule add pref 0 lookup local',
  );
  startDaemon();
  await connectBoth();
  await until(async () => expect((await ask(laptop1, '192.168.1.10')).text).toContain('plant1'), 20_000);
  world.control.away(false);
  await world.control.change(allow([USER2, 1]));
});

test('a grant that the kernel refuses never blocks a withdrawal, and is tried again', async () => {
  const [laptop1, laptop2] = world.laptops;
  await stopDaemon();
  // An nft that takes no transaction with the second plant's range in it.
  await must(
    world.gateway,
    'mkdir -p /run/bin; touch /run/refuse; cat > /run/bin/nft; chmod +x /run/bin/nft',
    '#!/bin/sh\nif [ "$1" = -f ] && [ -e /run/refuse ]; then\n  cat > /run/in.$$\n  if grep -q 100.96.2.0/24 /run/in.$$; then rm /run/in.$$; echo refused >&2; exit 1; fi\n  /usr/sbin/nft -f /run/in.$$; code=$?; rm /run/in.$$; exit $code\nfi\nexec /usr/sbin/nft "$@"\n',
  );
  // The writer of elements asks the kernel without it, so one that refuses everything stands in for it.
  await must(
    world.gateway,
    'cat > /run/bin/perl; chmod +x /run/bin/perl',
    '#!/bin/sh\ncase "$1" in\n*/elements.pl) while read -r line; do echo refused; done ;;\n*) exec /usr/bin/perl "$@" ;;\nesac\n',
  );
  startDaemon({ PATH: `/run/bin:${process.env['PATH'] ?? ''}` });
  await world.control.change({});
  const native = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  await goesOn(native, 'plant1');
  const refusals = repairs('grant-refused');
  const revision = world.control.push(allow([USER2, 2], [USER2, 1]), { reach: [[ip(USER1), 1]] });
  await until(() => expect(native.output()).toContain('ended ConnectionResetError'));
  await until(() => expect(repairs('grant-refused')).toBeGreaterThan(refusals));
  await until(async () => expect((await ask(laptop2, '10.16.1.10')).text).toContain('plant1'));
  expect(world.control.said.some((m) => m.type === 'ack' && m.revision === revision)).toBe(false);
  await must(world.gateway, 'rm /run/refuse');
  await world.control.acknowledged(revision);
  expect((await ask(laptop2, '192.168.1.10')).text).toContain('plant2');
  await stopDaemon();
  startDaemon();
  await world.control.change({});
});

test('a scanner meets its limit and is reported; others connect as fast as before (VPN-16)', async () => {
  const [laptop1, laptop2] = world.laptops;
  await world.control.change(allow([USER2, 1]));
  const begin = await timed(() => ask(laptop1, '192.168.1.10'));
  const scan = laptop2.start(['hping3', '-i', 'u500', '-q', '-S', '-p', '++1', '192.168.1.10']);
  started.push(scan);
  await until(() => expect(hits().has(ip(USER2))).toBe(true), 15_000);
  const during = await timed(() => ask(laptop1, '192.168.1.10'));
  expect(during).toBeLessThan(begin + 1000);
  expect(Number(await must(world.gateway, 'cat /proc/sys/net/netfilter/nf_conntrack_count'))).toBeLessThan(3000);
  expect(hits().has(ip(USER1))).toBe(false);
});

test('a flood of spoofed outer datagrams is not tracked and costs a user nothing but time', async () => {
  const [laptop1] = world.laptops;
  const held = hold(laptop1, 'tcp', '192.168.1.10', USER1);
  await goesOn(held, 'plant1');
  const tracked = async () => Number(await must(world.gateway, 'cat /proc/sys/net/netfilter/nf_conntrack_count'));
  const received = async () => Number(await must(world.gateway, "awk '/eth0/ { print $3 }' /proc/net/dev"));
  const [before, begin] = [await tracked(), await received()];
  const flood = world.edge.start([
    'hping3',
    '--udp',
    '--flood',
    '-q',
    '--rand-source',
    '-d',
    '148',
    '-p',
    '51820',
    '203.0.113.1',
  ]);
  started.push(flood);
  await until(async () => expect(await received()).toBeGreaterThan(begin + 1_000_000), 60_000);
  expect(await tracked()).toBeLessThan(before + 100);
  await goesOn(held, 'plant1', 15_000);
  await flood.end();
});

function hits(): Set<number> {
  return new Set(world.control.said.flatMap((m) => (m.type === 'limits' ? m.hits.map((hit) => hit.user) : [])));
}

async function timed(work: () => Promise<{ text: string }>): Promise<number> {
  const begin = performance.now();
  expect((await work()).text).toContain('plant1');
  return performance.now() - begin;
}

test('the gateway’s own “fragmentation needed” reaches the laptop, by native address and by alias', async () => {
  const [laptop1] = world.laptops;
  await stopDaemon();
  await must(world.gateway, 'ip link set agents mtu 1300');
  for (const target of ['192.168.1.10', '100.96.1.10']) {
    expect((await laptop1.sh(`ping -M do -s 1350 -c2 -i0.3 -W1 ${target}`)).text).toMatch(
      /Frag needed and DF set \(mtu = 1300\)|message too long/,
    );
  }
  startDaemon();
  await until(async () => expect(await must(world.gateway, 'ip link show agents')).toContain('mtu 1420'));
});

test('a plant that falls silent is down within 5 s, and up again at its first answer (VPN-12)', async () => {
  const [, plant2] = world.plants;
  await until(() => expect([1, 2].map((plant) => paths().get(plant))).toEqual([true, true]));
  await must(plant2, 'ip link set eth0 down');
  await until(() => expect(paths().get(2)).toBe(false), 5000);
  expect(paths().get(1)).toBe(true);
  await must(plant2, 'ip link set eth0 up; ip route replace default via 198.51.12.1');
  await until(() => expect(paths().get(2)).toBe(true), 15_000);
});

test('a rotated key is dead at once and the new one has the same address (VPN-4)', async () => {
  const [, laptop2] = world.laptops;
  const [key1, key2] = world.userKeys;
  await world.control.change(
    { ...allow([USER2, 1]), users: [{ address: ip(USER2), slot: 1, publicKey: key1.publicKey }] },
    { users: [ip(USER1)] },
  );
  expect((await ask(laptop2, '100.96.1.10')).ok).toBe(false);
  await world.control.change({ users: world.rows.users ?? [] });
  await world.connect(laptop2, key2, USER2, '0.0.0.0/0');
  await until(async () => expect((await ask(laptop2, '100.96.1.10')).text).toContain('plant1'));
});

/** The daemon's own process, not those it started. */
const DAEMON = "pgrep -f '^[^ ]*node .*src/gateway/main.ts'";

async function stopDaemon(): Promise<void> {
  await must(world.gateway, `kill -9 $(${DAEMON})`);
  await until(async () => expect((await world.gateway.sh(DAEMON)).ok).toBe(false));
}

function startDaemon(env: Record<string, string> = {}): void {
  world.startGateway(env);
}
