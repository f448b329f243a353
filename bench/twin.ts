import type { Runner } from '../src/kernel/run.ts';
import { configureWg, createWgInterface, setWgPeers } from '../src/kernel/wg.ts';
import { initOf } from '../src/lab/enter.ts';
import { placesOf } from '../src/lab/places.ts';
import { type KeyPair, newKeyPair } from '../src/net/keys.ts';
import { type BenchHost, bootBenchHost, cable, ipLines, newMac, runnerAt } from './hosts.ts';
import type { BenchLab } from './lab.ts';

/** The twin of a gateway and of an agent, in a lab: WireGuard and plain forwarding. */
export interface Twin {
  /** Where the device answers by way of the twins. */
  readonly address: string;
  readonly down: () => Promise<void>;
}

/** A host of the lab. */
type LabHost = Pick<BenchHost, 'init' | 'runner'>;

const MTU = 1420;
const KEEPALIVE = 25;
const PORT = { users: 51_820, agents: 51_900 };
const EDGE = '198.51.99.1';
const GATEWAY = '198.51.99.2';
const USER = '10.99.0.2';
const DEVICE = '192.168.1.21';
const AGENT = '192.168.1.3';
const SITE = { agent: '192.168.250.3', router: '192.168.250.1' };

/**
 * Puts the twins beside the lab's own: at the same edge, behind the same router of the plant, in the same network of the device; the
 * laptop gets a second tunnel, and the device a second address. So a packet crosses as many hosts and cables on either way, and
 * encryption is the same program's.
 */
export async function buildTwin(lab: BenchLab): Promise<Twin> {
  const [edge, site, laptop, device] = await Promise.all(
    ['edge-eu', 'site-gruenau', 'laptop-1', 'inverter.gruenau'].map((name) => hostOf(lab, name)),
  );
  if (edge === undefined || site === undefined || laptop === undefined || device === undefined)
    throw new Error('the lab has not the hosts of the plant Grünau');
  const gateway = await bootBenchHost('twin-gateway');
  const agent = await bootBenchHost('twin-agent');
  const down = async () => void (await Promise.all([gateway.down(), agent.down()]));
  try {
    await plug(edge, gateway);
    await plugIntoSite(site, agent);
    await tunnels(laptop, gateway, agent);
    await ipLines(device, [`address add ${DEVICE}/24 dev eth0`, `route add ${USER}/32 via ${AGENT}`]);
    return { address: DEVICE, down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** A host of a lab, to run programs on. */
export async function hostOf({ folder, status }: BenchLab, name: string): Promise<LabHost> {
  const { init } = await initOf(placesOf(folder, status.name), name);
  return { init, runner: runnerAt(init) };
}

/** A bridge of its own at the edge, as the lab plugs a gateway. */
async function plug(edge: LabHost, gateway: LabHost): Promise<void> {
  await cable({ ...gateway, dev: 'eth0', mac: newMac() }, { ...edge, dev: 'twin-port', mac: newMac() });
  await ipLines(edge, [
    'link add twin type bridge',
    'link set twin up',
    `address add ${EDGE}/30 dev twin`,
    'link set twin-port master twin up',
  ]);
  await ipLines(gateway, [`address add ${GATEWAY}/30 dev eth0`, 'link set eth0 up', `route add default via ${EDGE}`]);
}

async function plugIntoSite(site: LabHost, agent: LabHost): Promise<void> {
  for (const [dev, bridge] of [
    ['eth0', 'wan'],
    ['lan0', 'lan0'],
  ] as const) {
    await cable({ ...agent, dev, mac: newMac() }, { ...site, dev: `twin-${dev}`, mac: newMac() });
    await ipLines(site, [`link set twin-${dev} master ${bridge} up`]);
  }
  await ipLines(agent, [
    `address add ${SITE.agent}/24 dev eth0`,
    `address add ${AGENT}/24 dev lan0`,
    'link set eth0 up',
    'link set lan0 up',
    `route add default via ${SITE.router}`,
  ]);
}

async function tunnels(laptop: LabHost, gateway: LabHost, agent: LabHost): Promise<void> {
  const [user, entry, exit, plant] = [newKey(), newKey(), newKey(), newKey()];
  const [to, from] = [`${DEVICE}/32`, `${USER}/32`];
  await tunnel(gateway.runner, 'users', entry, PORT.users, { publicKey: user.publicKey, allowedIps: [from] });
  await tunnel(gateway.runner, 'agents', exit, PORT.agents, { publicKey: plant.publicKey, allowedIps: [to] });
  await tunnel(agent.runner, 'gateway', plant, undefined, {
    publicKey: exit.publicKey,
    allowedIps: [from],
    ...dial(PORT.agents),
  });
  await tunnel(laptop.runner, 'twin', user, undefined, {
    publicKey: entry.publicKey,
    allowedIps: [to],
    ...dial(PORT.users),
  });
  await ipLines(gateway, [`route add ${from} dev users`, `route add ${to} dev agents`]);
  await ipLines(agent, [`route add ${from} dev gateway`]);
  await ipLines(laptop, [`address add ${from} dev twin`, `route add ${to} dev twin src ${USER}`]);
}

async function tunnel(
  runner: Runner,
  dev: string,
  { privateKey }: KeyPair,
  port: number | undefined,
  peer: Parameters<typeof setWgPeers>[2][number],
): Promise<void> {
  await createWgInterface(runner, dev);
  await configureWg(runner, dev, { privateKey, ...(port === undefined ? {} : { port }) });
  await setWgPeers(runner, dev, [peer]);
  await runner.run(['ip', 'link', 'set', dev, 'mtu', String(MTU), 'up']);
}

function dial(port: number): { endpoint: string; keepalive: number } {
  return { endpoint: `${GATEWAY}:${port}`, keepalive: KEEPALIVE };
}

function newKey(): KeyPair {
  return newKeyPair('x25519');
}
