import { configureWg, createWgInterface, setWgPeers } from '../src/kernel/wg.ts';
import { formatCidr } from '../src/net/cidr.ts';
import { formatIp, toIp } from '../src/net/ip.ts';
import type { KeyPair, PublicKey } from '../src/net/keys.ts';
import { type BenchHost, bootBenchHost, cable, ipLines, newMac } from './hosts.ts';
import { type BenchRoute, agentAddress } from './rows.ts';

/** A gateway's host with the world around it: one user and one plant, by WireGuard, behind a router that only forwards. */
export interface GatewayPlace {
  readonly gateway: BenchHost;
  readonly user: BenchHost;
  readonly plant: BenchHost;
  /** Removes all that a gateway left in its kernel: the host is a new one. */
  readonly down: () => Promise<void>;
}

/** Where agents reach the gateway, and users their slot. */
export const ENDPOINT = '198.51.100.2:51900';
export const SLOT_PLACE = { address: toIp(0xcb00_7101), port: 51_820 } as const;

const MTU = 1420;
/** The host in the plant's network that answers. */
const HOST = 20;

/** Boots the hosts and plugs them. */
export async function buildPlace(): Promise<GatewayPlace> {
  const names = ['gateway', 'edge', 'user', 'plant'] as const;
  const [gateway, edge, user, plant] = [
    await bootBenchHost(names[0]),
    await bootBenchHost(names[1]),
    await bootBenchHost(names[2]),
    await bootBenchHost(names[3]),
  ];
  const hosts = [gateway, edge, user, plant];
  const down = async () => void (await Promise.all(hosts.map((host) => host.down())));
  try {
    for (const [n, host] of [gateway, user, plant].entries()) {
      const net = `198.51.100.${n * 4}`.replace(/\d+$/, (last) => String(Number(last) + 1));
      const own = net.replace(/\d+$/, (last) => String(Number(last) + 1));
      await cable({ ...host, dev: 'eth0', mac: newMac() }, { ...edge, dev: `port${n}`, mac: newMac() });
      await ipLines(edge, [`address add ${net}/30 dev port${n}`, `link set port${n} up`]);
      await ipLines(host, [`address add ${own}/30 dev eth0`, 'link set eth0 up', `route add default via ${net}`]);
    }
    await ipLines(edge, [`route add ${formatIp(SLOT_PLACE.address)}/32 via 198.51.100.2`]);
    await edge.runner.run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    return { gateway, user, plant, down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** The private halves of the bench, and the public ones of the gateway. */
export interface WorldKeys {
  readonly user: KeyPair;
  readonly agent: KeyPair;
  readonly slot: PublicKey;
  readonly gateway: PublicKey;
}

/** Brings the user's and the plant's tunnel up, for a route. Returns the address that answers in the plant, as the user types it. */
export async function joinPlace({ user, plant }: GatewayPlace, route: BenchRoute, keys: WorldKeys): Promise<Answering> {
  const dev = 'tunnel';
  await createWgInterface(user.runner, dev);
  await configureWg(user.runner, dev, { privateKey: keys.user.privateKey });
  const slot = `${formatIp(SLOT_PLACE.address)}:${SLOT_PLACE.port}`;
  const network = formatCidr(route.network);
  await setWgPeers(user.runner, dev, [{ publicKey: keys.slot, endpoint: slot, keepalive: 1, allowedIps: [network] }]);
  await ipLines(user, [
    `address add ${formatIp(route.user)}/32 dev ${dev}`,
    `link set ${dev} mtu ${MTU} up`,
    `route add ${network} dev ${dev}`,
  ]);
  await createWgInterface(plant.runner, dev);
  await configureWg(plant.runner, dev, { privateKey: keys.agent.privateKey });
  const anybody = [{ publicKey: keys.gateway, endpoint: ENDPOINT, keepalive: 1, allowedIps: ['0.0.0.0/0'] }];
  await setWgPeers(plant.runner, dev, anybody);
  const answering = formatIp(toIp(route.range.base + HOST));
  await ipLines(plant, [
    `address add ${formatIp(agentAddress(route.plant))}/32 dev ${dev}`,
    `address add ${answering}/32 dev ${dev}`,
    `link set ${dev} mtu ${MTU} up`,
    `route add 100.64.0.0/10 dev ${dev}`,
  ]);
  return { answering, typed: formatIp(toIp(route.network.base + HOST)) };
}

/** The address in the plant's tunnel that answers, and how the user calls it. */
export interface Answering {
  readonly answering: string;
  readonly typed: string;
}
