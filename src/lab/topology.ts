/**
 * `lab` owns the whole system on one machine: network namespaces for hosts, real daemons in them, the seeded
 * installation, and what `parkway lab` does with it.
 *
 * This file: what a lab consists of, as plain values worked out from a short plan. Nothing here touches the machine;
 * `host.ts` and `wire.ts` make it so.
 */
import { cidr, contains } from '../net/cidr.ts';
import { type Plant, PLANTS } from './seed/installation.ts';

/** What a host does; it decides which processes run on it. */
export type Role = 'edge' | 'control' | 'gateway' | 'plant' | 'device' | 'laptop' | 'router';

export interface Host {
  readonly name: string;
  readonly role: Role;
  /** The address that people know it by. */
  readonly address: string;
  /** Interface or bridge, and address with prefix length. */
  readonly addresses: readonly (readonly [device: string, address: string])[];
  /** In the words of `ip route replace`. */
  readonly routes: readonly string[];
  readonly bridges: readonly string[];
  /** The interface behind which a router hides its other networks, statefully. */
  readonly hides?: string;
  /** The slug of the plant it stands in. */
  readonly plant?: string;
}

/**
 * A cable from an interface of `near` to a bridge (a switch port) of `far`. Cutting it takes the port off the bridge:
 * both ends stay up and the packets vanish, as when a machine hangs.
 */
export interface Link {
  readonly near: { readonly host: string; readonly device: string };
  readonly far: { readonly host: string; readonly device: string; readonly bridge: string };
}

export interface Topology {
  readonly hosts: readonly Host[];
  readonly links: readonly Link[];
  /** Address of control, the same in the lab and from the machine. */
  readonly controlAddress: string;
  /** The machine's own address on its cable to control. */
  readonly machineAddress: string;
}

export interface LabPlan {
  /** Names of the gateways; the first one receives the packets to the slot address. */
  readonly gateways: readonly string[];
  /** The third byte of the network 198.18.N.0/30 between the machine and control. */
  readonly net: number;
}

/** The anycast entry point that every gateway serves. */
export const SLOT = { address: '203.0.113.1', port: 51820 } as const;

const LAPTOPS = 4;
const EDGE_LINK = { 'edge-eu': '198.51.101.1', 'edge-us': '198.51.101.2' } as const;
type Edge = keyof typeof EDGE_LINK;

interface Draft {
  readonly hosts: Host[];
  readonly links: Link[];
  readonly edges: Record<Edge, { addresses: [string, string][]; routes: string[]; bridges: string[] }>;
}

/** Works out a lab. The same plan gives the same addresses. */
export function topologyOf(plan: LabPlan): Topology {
  const draft: Draft = {
    hosts: [],
    links: [],
    edges: {
      'edge-eu': { addresses: [], routes: [`198.51.100.128/25 via ${EDGE_LINK['edge-us']}`], bridges: [] },
      'edge-us': { addresses: [], routes: [`default via ${EDGE_LINK['edge-eu']}`], bridges: [] },
    },
  };
  const controlAddress = `198.18.${plan.net}.2`;
  addControl(draft, controlAddress);
  for (const [index, name] of plan.gateways.entries()) addGateway(draft, name, index === 0);
  for (const plant of PLANTS) addPlant(draft, plant);
  for (let number = 1; number <= LAPTOPS; number++) addLaptop(draft, number);
  return {
    hosts: [...edgesOf(draft), ...draft.hosts],
    links: draft.links,
    controlAddress,
    machineAddress: `198.18.${plan.net}.1`,
  };
}

function edgesOf({ edges, links }: Draft): Host[] {
  edges['edge-eu'].addresses.push(['eth0', `${EDGE_LINK['edge-eu']}/30`]);
  edges['edge-us'].addresses.push(['edge-eu', `${EDGE_LINK['edge-us']}/30`]);
  edges['edge-us'].bridges.push('edge-eu');
  cable(links, 'edge-eu', 'eth0', 'edge-us', 'edge-eu');
  const host = (name: Edge): Host => ({ name, role: 'edge', address: EDGE_LINK[name], ...edges[name] });
  return [host('edge-eu'), host('edge-us')];
}

/** Plugs a host into an edge: a bridge of its own there, a /30, and the edge as its default route. */
function plug({ edges, links }: Draft, edge: Edge, host: string) {
  const base = (edge === 'edge-eu' ? 0 : 128) + edges[edge].bridges.length * 4;
  const via = `198.51.100.${base + 1}`;
  const own = `198.51.100.${base + 2}`;
  edges[edge].bridges.push(host);
  edges[edge].addresses.push([host, `${via}/30`]);
  cable(links, host, 'eth0', edge, host);
  return { own, address: ['eth0', `${own}/30`] as const, route: `default via ${via}` };
}

function cable(links: Link[], near: string, device: string, far: string, bridge: string): void {
  const port = `p${links.filter((link) => link.far.host === far).length}`;
  links.push({ near: { host: near, device }, far: { host: far, device: port, bridge } });
}

function addControl(draft: Draft, address: string): void {
  const up = plug(draft, 'edge-eu', 'control');
  draft.edges['edge-eu'].routes.push(`${address}/32 via ${up.own}`);
  const addresses = [up.address, ['host0', `${address}/30`]] as const;
  draft.hosts.push({ name: 'control', role: 'control', address, addresses, routes: [up.route], bridges: [] });
}

function addGateway(draft: Draft, name: string, first: boolean): void {
  const edge = name.startsWith('gw-us') ? 'edge-us' : 'edge-eu';
  const up = plug(draft, edge, name);
  if (first) draft.edges[edge].routes.push(`${SLOT.address}/32 via ${up.own}`);
  if (first && edge === 'edge-us') draft.edges['edge-eu'].routes.push(`${SLOT.address}/32 via ${EDGE_LINK['edge-us']}`);
  draft.hosts.push({
    name,
    role: 'gateway',
    address: up.own,
    addresses: [up.address],
    routes: [up.route],
    bridges: [],
  });
}

/**
 * A plant is a site router (NAT towards the edge, and the switches of the plant's networks), the machine of the agent
 * behind it, and devices. The devices' default route is the agent, so that a hostile device could try to use it.
 */
function addPlant(draft: Draft, plant: Plant): void {
  const site = `site-${plant.slug}`;
  const agent = `plant-${plant.slug}`;
  const lans = plant.subnets.map((_, index) => `lan${index}`);
  addRouter(
    draft,
    site,
    plant.slug === 'emden' ? 'edge-us' : 'edge-eu',
    { bridge: 'wan', address: '192.168.250.1/24' },
    lans,
  );
  cable(draft.links, agent, 'eth0', site, 'wan');
  for (const lan of lans) cable(draft.links, agent, lan, site, lan);
  draft.hosts.push({
    name: agent,
    role: 'plant',
    address: '192.168.250.2',
    addresses: [
      ['eth0', '192.168.250.2/24'],
      ...plant.subnets.map((s, i) => [`lan${i}`, `${s.agent}/${lengthOf(s.network)}`] as const),
    ],
    routes: ['default via 192.168.250.1'],
    bridges: [],
    plant: plant.slug,
  });
  for (const device of plant.devices) {
    const name = `${device.name}.${plant.slug}`;
    const index = plant.subnets.findIndex((subnet) => contains(cidr(subnet.network), cidr(`${device.address}/32`)));
    const subnet = plant.subnets[index];
    if (subnet === undefined) throw new RangeError(`${name} is in none of the plant's subnets`);
    cable(draft.links, name, 'eth0', site, `lan${index}`);
    const addresses = [['eth0', `${device.address}/${lengthOf(subnet.network)}`]] as const;
    const routes = [`default via ${subnet.agent}`];
    draft.hosts.push({
      name,
      role: 'device',
      address: device.address,
      addresses,
      routes,
      bridges: [],
      plant: plant.slug,
    });
  }
}

function addLaptop(draft: Draft, number: number): void {
  const name = `laptop-${number}`;
  const home = `home-${number}`;
  addRouter(draft, home, number <= 2 ? 'edge-eu' : 'edge-us', { bridge: 'lan', address: '192.168.178.1/24' }, []);
  cable(draft.links, name, 'eth0', home, 'lan');
  const addresses = [['eth0', '192.168.178.20/24']] as const;
  draft.hosts.push({
    name,
    role: 'laptop',
    address: '192.168.178.20',
    addresses,
    routes: ['default via 192.168.178.1'],
    bridges: [],
  });
}

/** A router that hides `inside` behind its address at the edge; `switches` are bridges that it only joins. */
function addRouter(
  draft: Draft,
  name: string,
  edge: Edge,
  inside: { bridge: string; address: string },
  switches: readonly string[],
): void {
  const up = plug(draft, edge, name);
  draft.hosts.push({
    name,
    role: 'router',
    address: up.own,
    addresses: [up.address, [inside.bridge, inside.address]],
    routes: [up.route],
    bridges: [inside.bridge, ...switches],
    hides: 'eth0',
  });
}

function lengthOf(network: string): number {
  return cidr(network).length;
}
