import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, countOn, endStarted, ip, probe, set, setUp, start, stream, world } from './agent-plant.ts';
import { must, until } from './agent-world.ts';

beforeAll(setUp);
afterEach(endStarted);
afterAll(() => world.close());

test('enrols with its token once, keeps its keys to itself and the token not at all (AGT-4)', async () => {
  expect(world.control.tokens).toEqual(['t'.repeat(43)]);
  expect(existsSync(world.tokenFile)).toBe(false);
  const files = await readdir(world.stateDir);
  expect(files.toSorted()).toEqual(['identity.json', 'identity.key', 'state.json', 'tunnel.key']);
  for (const file of files) expect(statSync(join(world.stateDir, file)).mode & 0o777).toBe(0o600);
});

test('a user reaches the real host by its unique range, through either gateway, hidden behind the agent (AGT-1)', async () => {
  const reached = [
    [world.g1, '100.64.0.11', '100.96.1.10', 'd1 192.168.1.1'],
    [world.g1, '100.64.0.12', '240.1.2.10', 'd2 192.168.2.1'],
    [world.g2, '100.64.0.21', '240.1.2.10', 'd2 192.168.2.1'],
  ] as const;
  for (const [gateway, user, target, answer] of reached)
    await until(async () => expect((await ask(gateway, user, target)).text.trim()).toBe(answer));
});

test('nothing else has a path: not by real address, not outside the ranges, not for who is not listed (VPN-7)', async () => {
  const seen = await countOn(world.d1, 'eth0', 'tcp or icmp', async () => {
    expect((await ask(world.g1, '100.64.0.11', '192.168.1.10')).ok).toBe(false);
    expect((await ask(world.g1, '100.64.0.11', '100.96.2.10')).ok).toBe(false);
    expect((await ask(world.g1, '100.64.0.13', '100.96.1.10')).ok).toBe(false);
    expect((await ask(world.g1, '100.80.0.1', '100.96.1.10')).ok).toBe(false);
  });
  expect(seen).toBe(0);
});

test('the agent machine is out of reach: its LAN, broadcast, infrastructure and uplink addresses (VPN-7)', async () => {
  await until(async () => expect(await must(world.d1, 'timeout 2 socat - TCP:192.168.1.1:22')).toContain('agent'));
  for (const target of ['100.96.1.1', '100.80.0.9', '192.168.1.1', '10.9.0.2', '240.1.2.1']) {
    expect((await ask(world.g1, '100.64.0.11', target, 22)).ok).toBe(false);
    expect((await world.g1.sh(`ping -c1 -W1 -I 100.64.0.11 ${target}`)).ok).toBe(false);
  }
  expect((await world.g1.sh('ping -c1 -W1 -I 100.80.0.1 100.80.0.9')).ok).toBe(false);
  const seen = await countOn(world.d1, 'eth0', 'icmp', () =>
    world.g1.sh('ping -b -c2 -W1 -I 100.64.0.11 100.96.1.255'),
  );
  expect(seen).toBe(0);
});

test('a probe is echoed to a gateway and to nobody else', async () => {
  await until(async () => expect(await probe('100.80.0.1')).toBe('here\n'));
  expect(await probe('100.64.0.11')).not.toContain('here');
});

test('nothing is forwarded between tunnels (AGT-3)', async () => {
  const seen = await countOn(world.g2, 'stub', 'icmp or tcp', async () => {
    await world.g1.sh('ping -c2 -i0.2 -W1 -I 100.64.0.11 100.64.0.21');
    await world.g1.sh('ping -c2 -i0.2 -W1 -I 100.64.0.11 100.80.0.2');
  });
  expect(seen).toBe(0);
});

test('a device cannot open a connection to a user, nor can the agent machine (VPN-7)', async () => {
  start(world.g1, 'socat', 'TCP-LISTEN:7000,fork,reuseaddr', 'SYSTEM:echo user');
  const seen = await countOn(world.g1, 'stub', 'dst net 100.64.0.0/12', async () => {
    expect((await world.d1.sh('timeout 1 socat - TCP:100.64.0.11:7000')).ok).toBe(false);
    expect((await world.d1.sh('ping -c1 -W1 100.64.0.11')).ok).toBe(false);
    expect((await world.agent.sh('timeout 1 socat - TCP:100.64.0.11:7000')).ok).toBe(false);
    expect((await world.agent.sh('ping -c1 -W1 100.80.0.1')).ok).toBe(false);
  });
  expect(seen).toBe(0);
});

test('what the machine forwards for others passes untouched', async () => {
  expect((await world.d1.sh('ping -c1 -W1 192.168.2.10')).ok).toBe(true);
});

test.each(['tcp', 'udp'] as const)(
  'a %s stream dies per packet and in both directions when its user goes (VPN-8)',
  async (proto) => {
    const [client, server] = await stream(proto, '100.64.0.12', '100.96.1.10', proto === 'tcp' ? 5001 : 5002);
    await set({ users: ['100.64.0.11', '100.64.0.21'].map(ip) });
    const toDevice = await countOn(world.d1, 'eth0', `${proto} and dst host 192.168.1.10`, async () => {
      const toUser = await countOn(
        world.g1,
        'stub',
        `${proto} and dst host 100.64.0.12`,
        () => new Promise((resolve) => setTimeout(resolve, 1500)),
      );
      expect(toUser).toBe(0);
    });
    expect(toDevice).toBe(0);
    // Both still send; and with the grant back the same connection goes on.
    const before = client.output().length;
    await set();
    await until(() => expect(client.output().length).toBeGreaterThan(before));
    expect(server.output()).not.toContain('closed');
  },
);

test('ping dies when its user goes, and a subnet that goes takes its connections with it (VPN-8)', async () => {
  const ping = start(world.g1, 'ping', '-i', '0.1', '-I', '100.64.0.12', '100.96.1.10');
  await until(() => expect(ping.output()).toContain('bytes from'));
  await set({ users: ['100.64.0.11', '100.64.0.21'].map(ip) });
  const gone = await countOn(world.d1, 'eth0', 'icmp', () => new Promise((resolve) => setTimeout(resolve, 500)));
  expect(gone).toBe(0);
  await set();
  await stream('udp', '100.64.0.11', '100.96.1.10', 5003);
  await set({ subnets: [{ network: '192.168.2.0/24', range: '240.1.2.0/24' }] });
  const left = await countOn(
    world.d1,
    'eth0',
    'udp and dst host 192.168.1.10',
    () => new Promise((resolve) => setTimeout(resolve, 500)),
  );
  expect(left).toBe(0);
  await set();
});

test('fragmentation-needed from a LAN with MTU 1300 arrives at the user, and TCP is clamped to it in both directions', async () => {
  const { text } = await world.g1.sh('ping -M do -c2 -i0.3 -W1 -s 1372 -I 100.64.0.11 240.1.2.10');
  expect(text).toMatch(/From 240\.1\.2\.10 .*\(mtu = 1300\)/);
  const capture = start(
    world.g1,
    'tcpdump',
    '-l',
    '-n',
    '--immediate-mode',
    '-i',
    'stub',
    'tcp[tcpflags] & tcp-syn != 0',
  );
  const atDevice = start(
    world.d2,
    'tcpdump',
    '-l',
    '-n',
    '--immediate-mode',
    '-i',
    'eth0',
    'tcp[tcpflags] & tcp-syn != 0',
  );
  await until(() => expect(capture.output() + atDevice.output()).toMatch(/listening on[^]*listening on/));
  await ask(world.g1, '100.64.0.11', '240.1.2.10');
  await until(() => expect(atDevice.output()).toMatch(/\[S\].*\[mss 1260,/));
  await until(() => expect(capture.output()).toMatch(/\[S\.\].*\[mss 1260,/));
});

test('port-unreachable from a device arrives at the user', async () => {
  const code =
    'import socket\ns=socket.socket(2,2);s.bind(("100.64.0.11",0));s.connect(("100.96.1.10",9));s.settimeout(2);s.send(b"x")\ntry: s.recv(9)\nexcept ConnectionRefusedError: print("refused")';
  expect((await world.g1.sh(`python3 -c '${code}'`)).text).toContain('refused');
});

test('fragmentation-needed that a gateway sends about a device’s packet arrives at the device', async () => {
  const [client] = await stream('udp', '100.64.0.11', '100.96.1.10', 5007);
  const port = /100\.64\.0\.11:(\d+) /.exec(await must(world.g1, 'ss -Hnu'))?.[1];
  const code = `import socket, struct
inner = struct.pack("!BBHHHBBH4s4sHHHH", 69, 0, 1400, 1, 16384, 64, 17, 0, socket.inet_aton("100.96.1.10"), socket.inet_aton("100.64.0.11"), 5007, ${port}, 1380, 0)
def total(data): return sum(struct.unpack("!%dH" % (len(data) // 2), data))
def check(data): n = total(data); n = (n >> 16) + (n & 65535); return ~(n + (n >> 16)) & 65535
inner = inner[:10] + struct.pack("!H", check(inner[:20])) + inner[12:]
body = struct.pack("!HH", 0, 1240) + inner
icmp = struct.pack("!BBH", 3, 4, check(struct.pack("!BBH", 3, 4, 0) + body)) + body
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.bind(("100.80.0.1", 0))
s.sendto(icmp, ("100.96.1.10", 0))`;
  const answer = 'icmp and src 192.168.1.1 and dst 192.168.1.10';
  const seen = await countOn(world.d1, 'eth0', answer, () => must(world.g1, 'python3 -', code), 1);
  expect(seen).toBe(1);
  expect(client.output()).not.toContain('error');
});

test('a mid-stream TCP packet of a connection the agent has not seen begin reaches nobody and gets nothing', async () => {
  const seen = await countOn(world.d1, 'eth0', 'tcp', async () => {
    const { text } = await world.g1.sh('hping3 -a 100.64.0.11 -A -p 80 -c 3 -i u100000 100.96.1.10');
    expect(text).toContain('0 packets received');
  });
  expect(seen).toBe(0);
});
