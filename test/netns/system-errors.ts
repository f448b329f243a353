/** What says that a packet was too large or nobody listens, and that TCP does without: registered by system-isolation.test.ts. */
import { expect, it } from 'vitest';
import { type Place, must, until } from './support.ts';
import { OLGA, type World, reaches, serveStreams, stream } from './system-world.ts';

const DEVICE = '192.168.1.20';
const BYTES = 6_000_000;

/** Pings with "don't fragment" and this much payload: 1372 makes a packet of 1400 bytes. */
const ping = async (world: World, size: number, count = 3) =>
  (await world.at(OLGA.laptop).sh(`ping -M do -c${count} -i0.2 -W1 -s ${size} ${DEVICE}`)).text;

/** Moves megabytes in both directions, from and to a kernel that has forgotten what it knew of paths. */
async function transfers(world: World): Promise<void> {
  await forget(world);
  await serveStreams(world, 'inverter.gruenau');
  for (const way of ['download', 'upload']) expect(await stream(world, OLGA, way, DEVICE, BYTES)).toBe(`${BYTES}\n`);
}

async function forget(world: World): Promise<void> {
  for (const host of [OLGA.laptop, 'gw-eu-1', 'plant-gruenau', 'inverter.gruenau'])
    await must(world.at(host), 'ip route flush cache');
}

/** Sets the MTU of a router's cable to its edge, at both ends. */
async function narrow(edge: Place, router: Place, mtu: number): Promise<void> {
  await must(router, `ip link set eth0 mtu ${mtu}`);
  await must(
    edge,
    `ip link set $(ls /sys/class/net/${router.name}/brif) mtu ${mtu}; ip link set ${router.name} mtu ${mtu}`,
  );
}

export function errorTests(get: () => World): void {
  it('port-unreachable of a device arrives at the client', async () => {
    const world = get();
    const code = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("${DEVICE}", 4999)); s.settimeout(3); s.send(b"x")
try: s.recv(9)
except ConnectionRefusedError: print("refused")`;
    expect(await must(world.at(OLGA.laptop), 'python3 -', code)).toBe('refused\n');
  });

  it('fragmentation-needed of an agent whose LAN has an MTU of 1300 arrives, and TCP passes', async () => {
    const world = get();
    const agent = world.at('plant-gruenau');
    expect(await ping(world, 1372)).toContain(' 3 received');
    await must(agent, 'ip link set lan0 mtu 1300');
    try {
      expect(await ping(world, 1372)).toContain('(mtu = 1300)');
      expect(await ping(world, 1272)).toContain(' 3 received');
      await transfers(world);
    } finally {
      await must(agent, 'ip link set lan0 mtu 1500');
      await forget(world);
    }
  });

  it('fragmentation-needed of a router in the plant whose path has an MTU of 1280 arrives', async () => {
    const world = get();
    const [agent, router] = [world.at('plant-gruenau'), world.at('logger.gruenau')];
    await must(agent, `ip route add ${DEVICE}/32 via 192.168.1.30`);
    await must(
      router,
      `sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0`,
    );
    await must(router, `ip route add ${DEVICE}/32 dev eth0 mtu lock 1280`);
    try {
      expect(await ping(world, 1372)).toContain('(mtu = 1280)');
      expect(await ping(world, 1252)).toContain(' 3 received');
      await transfers(world);
    } finally {
      await must(agent, `ip route del ${DEVICE}/32 via 192.168.1.30`);
      await must(router, `ip route del ${DEVICE}/32 dev eth0; sysctl -qw net.ipv4.ip_forward=0`);
      await forget(world);
    }
  });

  it.each([
    ['agent and gateway', 'site-gruenau', 'gw-eu-1', '198.51.100.5'],
    ['client and gateway', 'home-1', 'gw-eu-1', '198.51.100.5'],
  ])('a path of 1280 between %s, below the tunnel, is no black hole', async (_, router) => {
    const world = get();
    await narrow(world.at('edge-eu'), world.at(router), 1280);
    try {
      await forget(world);
      // The first ones tell the ends of the tunnel what the path takes; as soon as they know they send it in pieces.
      await until(async () => expect(await ping(world, 1372)).toContain(' 3 received'));
      await transfers(world);
    } finally {
      await narrow(world.at('edge-eu'), world.at(router), 1500);
      await forget(world);
      await reaches(world, OLGA, DEVICE);
    }
  });
}
