/** Streams that lose their permission while they run (VPN-8, VPN-9): registered by system-isolation.test.ts. */
import { expect, it } from 'vitest';
import { must, until } from './support.ts';
import {
  OLGA,
  OSKAR,
  OTTO,
  PLATFORM,
  type Person,
  SUNFIELD,
  type Watch,
  type World,
  hold,
  quiet,
  reaches,
  serveStreams,
  uniqueOf,
  watch,
} from './system-world.ts';

const GRUENAU = 'Solar park Grünau';
const MOOS = 'Solar park Moos';
const SAALE = 'Solar park Saale';
const EMDEN = 'Battery park Emden';

/** What a device, or its answer, says on a wire: not the gateway's resets and refusals, nor a bare acknowledgement. */
const DATA = 'tcp and (ip[2:2] - ((ip[0] & 15) << 2) - ((tcp[12] & 240) >> 2)) > 0';
const SPOKEN = `udp or (icmp[icmptype] == icmp-echoreply) or (${DATA})`;

const grants = (world: World, verb: 'add' | 'remove', plant: string) =>
  world.lab.parkway(
    SUNFIELD,
    'grants',
    verb,
    '--organization',
    'Sunfield',
    '--user',
    OLGA.email,
    '--plant',
    plant,
    '--wait',
    ...(verb === 'add' ? ['--role', 'operator'] : ['--yes']),
  );

const routes = (world: World, verb: 'use' | 'pause' | 'resume', plant: string) =>
  world.lab.parkway(OLGA.email, 'routes', verb, plant, '--wait', ...(verb === 'use' ? ['--yes'] : []));

interface Dead {
  /** What arrived at the laptop, and at the device, after the change was confirmed. */
  readonly arrived: readonly (readonly string[])[];
  /** Whether the client was told, which needs a tunnel. */
  readonly isReset: boolean;
}

/**
 * Streams over TCP, UDP and ICMP in both directions between a laptop and Grünau's inverter, by its native address and its
 * alias, and what takes the permission away, while both ends go on to send.
 */
async function die(world: World, person: Person, change: () => Promise<unknown>): Promise<Dead> {
  // It still sends when the change is confirmed, however long that takes on a busy machine.
  await serveStreams(world, 'inverter.gruenau', 120);
  const targets = ['192.168.1.20', await uniqueOf(world, 'gruenau', '192.168.1.20')];
  await Promise.all(targets.map((target) => reaches(world, person, target)));
  const held = await Promise.all(targets.map((target) => hold(world, person, target, 'STREAM')));
  for (const target of targets) world.start(person.laptop, 'ping', '-i', '0.02', target);
  // The agent itself tells the device that its answers are in vain: resets, and ICMP errors.
  const fromUser = 'src host 192.168.1.2 and (udp or icmp[icmptype] == icmp-echo or tcp[tcpflags] & tcp-rst == 0)';
  const [atLaptop, atDevice, fromDevice, fromLaptop] = await Promise.all([
    watch(world, person.laptop, 'wg0', SPOKEN, '-Q', 'in'),
    watch(world, 'inverter.gruenau', 'eth0', fromUser, '-Q', 'in'),
    watch(world, 'inverter.gruenau', 'eth0', 'udp and dst host 192.168.1.2', '-Q', 'out'),
    watch(world, person.laptop, 'wg0', 'udp or icmp', '-Q', 'out'),
  ]);
  const ends = [atLaptop, atDevice];
  for (const end of [...ends, fromDevice]) await until(() => expect(end.packets().length).toBeGreaterThan(50));
  for (const protocol of ['UDP', 'Flags', 'ICMP'])
    for (const end of ends) await until(() => expect(end.packets().some((line) => line.includes(protocol))).toBe(true));
  await change();
  const confirmed = Date.now() / 1000;
  await quiet();
  const after = (end: Watch) => end.packets().filter((line) => Number.parseFloat(line) > confirmed);
  await until(() => expect([fromDevice, fromLaptop].map((end) => after(end).length > 0)).toEqual([true, true]));
  const reset = () => held.forEach((one) => expect(one.output()).toContain('tcp STREAM ended ConnectionResetError'));
  const isReset = await until(reset, 5000).then(
    () => true,
    () => false,
  );
  return { arrived: ends.map(after), isReset };
}

/** Not the resets by which gateway and agent tell a device that its answers are in vain. */
const NO_RESET = '(udp or tcp[tcpflags] & tcp-rst == 0)';

/** What the gateway waits for before a quiet UDP connection is a new one. */
const UDP_TIMEOUT = '/proc/sys/net/netfilter/nf_conntrack_udp_timeout';

interface HandedOver {
  /** What arrived at the new owner, or still at the former, while the client went on to send. */
  readonly strays: readonly string[];
  /** Whether the new owner got anything that was meant for the former, until the end. */
  readonly isMixed: boolean;
}

/**
 * Streams to an address that two plants have, and a switch of its owner while they run. Resolves when the client was
 * refused, and what it sent after it had been quiet has arrived at the new owner.
 */
async function handOver(
  world: World,
  { address, former, next, plant }: { address: string; former: string; next: string; plant: string },
): Promise<HandedOver> {
  await Promise.all([serveStreams(world, former), serveStreams(world, next)]);
  const held = await hold(world, OLGA, address, 'MEANT-FOR-THE-FORMER-OWNER');
  const seen = await watch(world, next, 'eth0', `ip and dst host ${address}`, '-A', '-Q', 'in');
  const kept = await watch(world, former, 'eth0', `dst host ${address} and ${NO_RESET}`, '-A', '-Q', 'in');
  for (const protocol of ['UDP', 'Flags'])
    await until(() => expect(kept.text()).toMatch(new RegExp(`${protocol}[^]*FORMER`)));
  await routes(world, 'use', plant);
  const confirmed = Date.now() / 1000;
  await until(() => expect(held.output()).toMatch(/tcp \S+ ended ConnectionResetError/));
  await until(() => expect(held.output()).toContain('udp ended OSError'));
  await quiet();
  // The laptop has sent UDP all the time.
  const strays = [...seen.packets(), ...kept.packets().filter((line) => Number.parseFloat(line) > confirmed)];
  held.say('quiet');
  await until(() => expect(held.output()).toContain('did quiet'));
  await quiet(5000);
  held.say('say FOR-THE-NEW-OWNER');
  for (const protocol of ['UDP', 'Flags'])
    await until(() => expect(seen.text()).toMatch(new RegExp(`${protocol}[^]*FOR-THE-NEW-OWNER`)));
  // What the client says of itself comes over a pipe, later than what the wire shows.
  await until(() => expect(held.output()).toContain('tcp FOR-THE-NEW-OWNER up'));
  return { strays, isMixed: seen.text().includes('FORMER') };
}

async function withShortUdp<T>(world: World, work: () => Promise<T>): Promise<T> {
  const gateway = world.at('gw-eu-1');
  const before = (await must(gateway, `cat ${UDP_TIMEOUT} ${UDP_TIMEOUT}_stream`)).trim().split('\n');
  const set = ([one, stream]: readonly (string | undefined)[]) =>
    must(gateway, `echo ${one} > ${UDP_TIMEOUT}; echo ${stream} > ${UDP_TIMEOUT}_stream`);
  await set(['1', '1']);
  try {
    return await work();
  } finally {
    await set(before);
  }
}

export function switchTests(get: () => World): void {
  it('on a switch of 192.168.1.0/24 not one byte of a TCP or UDP stream reaches the new owner’s wire', async () => {
    const world = get();
    await grants(world, 'add', MOOS);
    const handed = await withShortUdp(world, () =>
      handOver(world, { address: '192.168.1.20', former: 'inverter.gruenau', next: 'inverter.moos', plant: MOOS }),
    );
    expect(handed).toEqual({ strays: [], isMixed: false });
    await grants(world, 'remove', MOOS);
    await reaches(world, OLGA, '192.168.1.20');
  });

  it('on a switch of 10.17.0.0/16 out of 10.16.0.0/12 neither; the rest of the /12 lives on', async () => {
    const world = get();
    await grants(world, 'add', SAALE);
    await grants(world, 'add', EMDEN);
    await serveStreams(world, 'meter.saale');
    const beside = await hold(world, OLGA, '10.16.0.20', 'BESIDE');
    const handed = await withShortUdp(world, () =>
      handOver(world, { address: '10.17.5.20', former: 'inverter.saale', next: 'battery.emden', plant: EMDEN }),
    );
    expect(handed).toEqual({ strays: [], isMixed: false });
    expect(beside.output()).not.toMatch(/ended|closed/);
    await grants(world, 'remove', EMDEN);
    await grants(world, 'remove', SAALE);
  });
}

/** Pauses and withdrawals; the last two end what later tests would need. */
export function withdrawalTests(get: () => World): void {
  it('streams die in both directions when the route is paused (VPN-11)', async () => {
    const world = get();
    const dead = await die(world, OLGA, () => routes(world, 'pause', GRUENAU));
    expect(dead).toEqual({ arrived: [[], []], isReset: true });
    await routes(world, 'resume', GRUENAU);
  });

  it('streams die in both directions when the grant is withdrawn', async () => {
    const world = get();
    const dead = await die(world, OLGA, () => grants(world, 'remove', GRUENAU));
    expect(dead).toEqual({ arrived: [[], []], isReset: true });
    await grants(world, 'add', GRUENAU);
    await reaches(world, OLGA, '192.168.1.20');
  });

  it('streams die in both directions when the cooperation ends that gave the access (ACC-5)', async () => {
    const world = get();
    const dead = await die(world, OSKAR, () =>
      world.lab.parkway(SUNFIELD, 'cooperations', 'end', 'Voltcare', '--organization', 'Sunfield', '--yes', '--wait'),
    );
    expect(dead).toEqual({ arrived: [[], []], isReset: true });
  });

  it('streams die in both directions when the user is deleted (ACC-9)', async () => {
    const world = get();
    const {
      user: { id },
    }: { user: { id: string } } = JSON.parse(await world.lab.parkway(OTTO.email, 'whoami', '--json'));
    const dead = await die(world, OTTO, () => world.lab.parkway(PLATFORM, 'users', 'remove', id, '--yes', '--wait'));
    expect(dead).toEqual({ arrived: [[], []], isReset: false });
  });
}
