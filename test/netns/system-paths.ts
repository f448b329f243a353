/** Where no packet may get, whoever sends it (VPN-7, AGT-3): registered by system-isolation.test.ts. */
import { expect, it } from 'vitest';
import { type Running, must, until } from './support.ts';
import {
  OLE,
  OLGA,
  OTTO,
  PEOPLE,
  type Watch,
  type World,
  exchange,
  quiet,
  reaches,
  send,
  serve,
  uniqueOf,
  watch,
  withoutDaemon,
} from './system-world.ts';

/** What is sent to an address: TCP to two ports, UDP to the port of path probes and to the echo of devices, ICMP. */
function tries(source: string, targets: readonly string[]): string[] {
  return targets.flatMap((target, index) => [
    ...[22, 8081].map((port) => `tcp ${source} ${target} ${4000 + index} ${port}`),
    ...[7, 51999].map((port) => `udp ${source} ${target} ${4000 + index} ${port}`),
    `ping ${source} ${target} ${4000 + index}`,
  ]);
}

/** Services wherever one would hurt: nobody may call them by a tunnel. */
const SERVERS = ['gw-eu-1', 'gw-eu-2', 'plant-husum', 'plant-gruenau', 'control', 'edge-eu', 'laptop-1'];

const called = (services: readonly Running[]) =>
  services.flatMap((service) =>
    service
      .output()
      .split('\n')
      .filter((line) => line.startsWith('called')),
  );

/** Addresses of everything that is not a device: gateways, agents, control, the internet, people. */
async function machines(world: World): Promise<string[]> {
  const { hosts, slot } = world.lab.status;
  const of = (name: string) =>
    (hosts.find((host) => host.name === name)?.addresses ?? []).map((address) => address.split('/')[0] ?? '');
  const infrastructure = async (host: string, device: string) =>
    /inet ([\d.]+)/.exec(await must(world.at(host), `ip -4 -o addr show dev ${device}`))?.[1] ?? '';
  const [uplink = ''] = of('gw-eu-1');
  return [
    slot.address,
    uplink,
    uplink.replace(/\d+$/, (byte) => String(Number(byte) - 1)),
    uplink.replace(/\d+$/, (byte) => String(Number(byte) + 1)),
    '127.0.0.1',
    '255.255.255.255',
    '224.0.0.1',
    ...of('gw-eu-2'),
    ...of('control'),
    await infrastructure('gw-eu-1', 'agents'),
    await infrastructure('gw-eu-2', 'agents'),
    await infrastructure('plant-husum', 'gw1'),
    await infrastructure('plant-gruenau', 'gw1'),
    '192.168.250.2',
    world.address(OLGA),
    world.address(OLE),
  ];
}

/** Devices of plants where Ole is nobody, by each of their addresses. */
async function strangers(world: World): Promise<string[]> {
  const devices = [
    ['gruenau', '192.168.1.20'],
    ['moos', '192.168.1.20'],
    ['saale', '10.16.0.20'],
    ['saale', '10.17.5.20'],
    ['emden', '10.17.5.20'],
  ] as const;
  const unique = await Promise.all(devices.map(([slug, address]) => uniqueOf(world, slug, address)));
  return [...new Set([...devices.map(([, address]) => address), ...unique])];
}

/** Packets on their way to agents, less the gateway's own probes. */
const toAgents = (world: World) => watch(world, 'gw-eu-1', 'agents', 'not udp port 51999', '-Q', 'out');

/** Waits until a watch has seen so many packets. */
const sees = (one: Watch, count: number) => until(() => expect(one.packets().length).toBeGreaterThanOrEqual(count));

/** Resolves with what each watch saw while something was done. */
async function during(watches: readonly Watch[], work: () => Promise<unknown>): Promise<string[][]> {
  await work();
  await quiet(300);
  for (const one of watches) await one.end();
  return watches.map((one) => one.packets());
}

export function pathTests(get: () => World): void {
  it('nobody has a path to a plant that is not granted: by native address, alias or hidden range, over TCP, UDP or ICMP', async () => {
    const world = get();
    const source = world.address(OLE);
    const targets = await strangers(world);
    expect(targets.filter((target) => target.startsWith('100.96.'))).toHaveLength(2);
    expect(targets.filter((target) => /^2[45]\d\./.test(target))).toHaveLength(3);
    const packets = tries(source, targets);
    let answers: string[] = [];
    const areAllReset = (lines: readonly string[]) =>
      expect(lines.filter((line) => line.startsWith('reset'))).toHaveLength(2 * targets.length);
    const seen = await during([await toAgents(world)], async () => {
      answers = await exchange(world.at(OLE.laptop), 'wg0', packets, areAllReset);
    });
    expect(seen).toEqual([[]]);
    // All that comes back is the gateway's refusal.
    expect(answers.filter((line) => !/^(reset|unreachable) /.test(line))).toEqual([]);
    areAllReset(answers);
    // The same packets do arrive where he is somebody, so they are good ones.
    const granted = [await uniqueOf(world, 'husum', '172.20.4.20'), '172.20.5.20'];
    const areAllAnswered = (good: readonly string[]) => {
      for (const target of granted)
        for (const answer of [`accepted ${target}:22 `, `udp ${target}:7 `, `pong ${target} `])
          expect(good.filter((line) => line.startsWith(answer))).toHaveLength(1);
    };
    areAllAnswered(await exchange(world.at(OLE.laptop), 'wg0', tries(source, granted), areAllAnswered));
  });

  it('a hidden range is no address that one can type, not even by who reaches the plant', async () => {
    const world = get();
    const hidden = await uniqueOf(world, 'saale', '10.16.0.20');
    await reaches(world, OTTO, '10.16.0.20');
    await must(
      world.at(OTTO.laptop),
      `ip route replace ${hidden} dev wg0 && wg set wg0 peer $(wg show wg0 peers) allowed-ips 0.0.0.0/0`,
    );
    const answers = await send(world.at(OTTO.laptop), 'wg0', tries(world.address(OTTO), [hidden]));
    expect(answers.filter((line) => !/^(reset|unreachable) /.test(line))).toEqual([]);
    expect(answers).not.toEqual([]);
  });

  it('users reach neither each other nor any service of gateways, agents and control', async () => {
    const world = get();
    const services = await Promise.all(SERVERS.map((host) => serve(world, host, 22, 8081, 7)));
    const ends = ['0', '2', '255'];
    const agents = ends.map((end) => `172.20.4.${end}`);
    for (const end of ends) agents.push(await uniqueOf(world, 'husum', `172.20.4.${end}`));
    const packets = tries(world.address(OLE), [...(await machines(world)), ...agents]);
    let answers: string[] = [];
    const filter = `src net 100.64.0.0/10`;
    const seen = await during(
      [
        await watch(world, OLGA.laptop, 'wg0', 'ip', '-Q', 'in'),
        await watch(world, 'gw-eu-1', 'eth0', filter),
        await watch(world, 'plant-husum', 'lan0', filter),
        await watch(world, 'plant-husum', 'eth0', filter),
      ],
      async () => {
        answers = await send(world.at(OLE.laptop), 'wg0', packets);
      },
    );
    expect(seen).toEqual([[], [], [], []]);
    expect(answers.filter((line) => !/^(reset|unreachable) /.test(line))).toEqual([]);
    expect(called(services)).toEqual([]);
  });

  it('after nft flush ruleset on the gateway, with its daemon stopped, nothing is reached: no plant, no gateway, no control, no edge', async () => {
    const world = get();
    const gateway = world.at('gw-eu-1');
    const services = await Promise.all(SERVERS.map((host) => serve(world, host, 22, 8081, 7)));
    const targets = [...(await machines(world)), ...(await strangers(world)), '172.20.4.20', '100.96.2.20'];
    const answers: string[] = [];
    const filter = 'src net 100.64.0.0/10';
    const seen = await withoutDaemon(gateway, 'gateway', async () => {
      await must(gateway, 'nft flush ruleset');
      const watches = [
        await toAgents(world),
        await watch(world, 'gw-eu-1', 'eth0', filter),
        await watch(world, OLGA.laptop, 'wg0', 'ip', '-Q', 'in'),
      ];
      return during(watches, async () => {
        for (const person of [OLE, OLGA])
          answers.push(...(await send(world.at(person.laptop), 'wg0', tries(world.address(person), targets))));
      });
    });
    expect(seen).toEqual([[], [], []]);
    expect(answers).toEqual([]);
    expect(called(services)).toEqual([]);
    await reaches(world, OLE, '172.20.4.20');
  });

  it('after nft flush ruleset on the agent, with its daemon stopped, neither the plant nor the agent’s machine is reached', async () => {
    const world = get();
    const agent = world.at('plant-husum');
    const service = await serve(world, 'plant-husum', 22, 8081, 7);
    const hosts = ['172.20.4.20', '172.20.4.2', '172.20.4.255', '172.20.5.20'];
    const targets = [...hosts, ...(await Promise.all(hosts.map((host) => uniqueOf(world, 'husum', host))))];
    let answers: string[] = [];
    const [arrived = [], ...seen] = await withoutDaemon(agent, 'agent', async () => {
      await must(agent, 'nft flush ruleset');
      const arrivals = await watch(world, 'plant-husum', 'gw1', `src host ${world.address(OLE)}`);
      const watches = [
        arrivals,
        await watch(world, 'plant-husum', 'lan0', 'ip', '-Q', 'out'),
        await watch(world, 'plant-husum', 'lan1', 'ip', '-Q', 'out'),
        await watch(world, 'plant-husum', 'eth0', 'net 100.64.0.0/10 or net 172.20.0.0/16'),
      ];
      return during(watches, async () => {
        answers = await send(world.at(OLE.laptop), 'wg0', tries(world.address(OLE), targets));
        await sees(arrivals, 1);
      });
    });
    expect(arrived).not.toEqual([]);
    expect(seen).toEqual([[], [], []]);
    expect(answers).toEqual([]);
    expect(called([service])).toEqual([]);
    await reaches(world, OLE, '172.20.4.20');
  });
}

/** Who claims to be somebody else. */
export function spoofTests(get: () => World): void {
  it('a laptop’s packets under another source die: another user’s address, a plant’s, the gateway’s', async () => {
    const world = get();
    const alias = await uniqueOf(world, 'gruenau', '192.168.1.20');
    const twin = await uniqueOf(world, 'husum', '172.20.4.20');
    const sources = [world.address(OLGA), alias, twin, '192.168.1.20', '172.20.4.20', '100.80.0.1', '203.0.113.1'];
    const targets = ['192.168.1.20', alias, '172.20.4.20', twin, world.address(OLGA)];
    const owns = await watch(world, 'gw-eu-1', 'slot1', `src host ${world.address(OLE)}`, '-Q', 'in');
    const watches = [
      await watch(world, 'gw-eu-1', 'slot1', `not src host ${world.address(OLE)}`, '-Q', 'in'),
      await watch(world, 'inverter.gruenau', 'eth0', 'ip', '-Q', 'in'),
      await watch(world, OLGA.laptop, 'wg0', 'ip', '-Q', 'in'),
      owns,
    ];
    const seen = await during(watches, async () => {
      for (const source of sources) await send(world.at(OLE.laptop), 'wg0', tries(source, targets), 0);
      await send(world.at(OLE.laptop), 'wg0', tries(world.address(OLE), ['172.20.4.20']));
      await sees(owns, 5);
    });
    const own = seen.pop() ?? [];
    expect(seen).toEqual([[], [], []]);
    // His own came, which were sent last.
    expect(own.length).toBeGreaterThanOrEqual(5);
  });

  it('an agent opens nothing, whatever source it gives: not to users, other plants, gateways or control', async () => {
    const world = get();
    const services = await Promise.all(
      SERVERS.filter((host) => host !== 'plant-husum').map((host) => serve(world, host, 22, 8081, 7)),
    );
    const alias = await uniqueOf(world, 'gruenau', '192.168.1.20');
    const own = await uniqueOf(world, 'husum', '172.20.4.20');
    const people = PEOPLE.map((person) => world.address(person));
    const others = (await machines(world)).filter((address) => !people.includes(address));
    const sources = [own, '172.20.4.20', '100.80.0.1', alias, world.address(OLE), ...ownOf(await machines(world))];
    const targets = [...people, alias, await uniqueOf(world, 'moos', '192.168.1.20'), ...others];
    const packets = sources.flatMap((source) => [
      ...tries(source, targets),
      ...targets.flatMap((target) => [`ack ${source} ${target} 22 6000`, `pong ${source} ${target} 6000`]),
    ]);
    const arrivals = await watch(world, 'gw-eu-1', 'agents', `src host ${own}`, '-Q', 'in');
    const watches = [
      ...(await Promise.all(PEOPLE.map(({ laptop }) => watch(world, laptop, 'wg0', 'ip', '-Q', 'in')))),
      await toAgents(world),
      await watch(world, 'gw-eu-1', 'eth0', 'net 100.64.0.0/10 or net 172.20.0.0/16'),
      arrivals,
    ];
    const seen = await during(watches, async () => {
      await send(world.at('plant-husum'), 'gw1', packets);
      await sees(arrivals, targets.length + 1);
    });
    const arrived = seen.pop();
    expect(arrived?.length).toBeGreaterThan(targets.length);
    expect(seen).toEqual(watches.slice(1).map(() => []));
    expect(called(services)).toEqual([]);
  });

  it('a device opens nothing by its agent: not to users, other plants, agents or gateways’ tunnel addresses', async () => {
    const world = get();
    const own = ownOf(await machines(world));
    const targets = [...PEOPLE.map((person) => world.address(person)), ...own, '100.80.0.1'];
    targets.push(await uniqueOf(world, 'gruenau', '192.168.1.20'), await uniqueOf(world, 'saale', '10.16.0.20'));
    const attempts = await watch(
      world,
      'plant-husum',
      'lan0',
      'src host 172.20.4.20 and dst net 100.64.0.0/10',
      '-Q',
      'in',
    );
    const watches = [
      await watch(world, 'plant-husum', 'gw1', 'not udp port 51999'),
      await watch(world, 'plant-husum', 'gw2', 'not udp port 51999'),
      attempts,
    ];
    const packets = tries('172.20.4.20', targets);
    const [one, two, tried] = await during(watches, async () => {
      await send(world.at('turbine.husum'), 'any', packets);
      await sees(attempts, targets.length + 1);
    });
    expect([one, two]).toEqual([[], []]);
    expect(tried?.length).toBeGreaterThan(targets.length);
  });

  it('an agent that claims another plant’s range gets nothing, and can answer for nobody', async () => {
    const world = get();
    const agent = world.at('plant-husum');
    // Nobody lives there, so that no true answer is mistaken for a false one.
    const claimed = await uniqueOf(world, 'gruenau', '192.168.1.99');
    const person = world.address(OLGA);
    const questions = await watch(world, 'gw-eu-1', 'agents', `udp and dst host ${claimed}`, '-Q', 'out');
    const watches = [
      await watch(world, 'gw-eu-1', 'agents', `udp and src host ${claimed}`, '-Q', 'in'),
      await watch(world, OLGA.laptop, 'wg0', `udp and src host ${claimed}`, '-Q', 'in'),
      await watch(world, 'plant-husum', 'gw1', `dst host ${claimed}`),
      questions,
    ];
    const seen = await withoutDaemon(agent, 'agent', async () => {
      await must(agent, `nft flush ruleset; ip addr add ${claimed}/32 dev gw1; ip rule add pref 1 lookup main`);
      await must(
        agent,
        'ip route replace 100.64.0.0/12 dev gw1; wg set gw1 peer $(wg show gw1 peers) allowed-ips 0.0.0.0/0',
      );
      const question = `udp ${person} ${claimed} 4000 7`;
      return during(watches, async () => {
        await send(world.at(OLGA.laptop), 'wg0', [question], 0);
        await send(agent, 'gw1', [`udp ${claimed} ${person} 7 4000`], 0);
        await send(world.at(OLGA.laptop), 'wg0', [question], 0);
        await send(agent, 'any', [`udp ${claimed} ${person} 7 4000`], 0.5);
        await sees(questions, 2);
      });
    });
    await must(agent, 'ip rule del pref 1; ip route del 100.64.0.0/12 dev gw1');
    const asked = seen.pop();
    expect(seen).toEqual([[], [], []]);
    expect(asked).toHaveLength(2);
    await reaches(world, OLE, '172.20.4.20');
  });
}

/** The agents' own addresses in the tunnels. */
function ownOf(addresses: readonly string[]): string[] {
  return addresses.filter((address) => address.startsWith('100.80.')).slice(2);
}
