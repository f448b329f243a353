import { describe, expect, it } from 'vitest';
import { cidr, contains } from '../net/cidr.ts';
import { ACCOUNTS, COOPERATIONS, PLANTS } from './seed/installation.ts';
import { topologyOf } from './topology.ts';
import { bridgeBatch, cableBatch, cutBatch, endsBatch } from './wire.ts';

const GATEWAYS = ['gw-eu-1', 'gw-eu-2', 'gw-us-1', 'gw-us-2'];
const topology = topologyOf({ gateways: GATEWAYS, net: 7 });
const named = (name: string) => {
  const host = topology.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`no ${name}`);
  return host;
};

/** Which /30 of its /24 an address lies in. */
function networkNumber(text = ''): number {
  return Math.floor(Number(text.split('/')[0]?.split('.')[3]) / 4);
}

function slotRoutes(gateways: string[]): string[] {
  const { hosts } = topologyOf({ gateways, net: 0 });
  return hosts.flatMap(({ routes }) => routes.filter((route) => route.startsWith('203.0.113.1/32')));
}

describe('topology of a lab', () => {
  it('has the hosts of the contract', () => {
    const names = topology.hosts.map(({ name }) => name);
    const plants = PLANTS.flatMap(({ slug, devices }) => [
      `plant-${slug}`,
      ...devices.map(({ name }) => `${name}.${slug}`),
    ]);
    const laptops = ['laptop-1', 'laptop-2', 'laptop-3', 'laptop-4'];
    expect(names).toEqual(
      expect.arrayContaining(['edge-eu', 'edge-us', 'control', ...GATEWAYS, ...plants, ...laptops]),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('gives no interface a name that the kernel refuses, and no host the same one twice', () => {
    const ends = topology.links.flatMap(({ near, far }) => [near, far]);
    const devices = [
      ...ends.map(({ host, device }) => `${host} ${device}`),
      ...topology.hosts.flatMap(({ name, bridges }) => bridges.map((bridge) => `${name} ${bridge}`)),
    ];
    expect(devices.filter((text) => (text.split(' ')[1] ?? '').length > 15)).toEqual([]);
    expect(new Set(devices).size).toBe(devices.length);
  });

  it('plugs every cable into a bridge that exists', () => {
    for (const { far } of topology.links) expect(named(far.host).bridges).toContain(far.bridge);
  });

  it('gives every host at an edge an address of its own, on a network that the edge shares', () => {
    for (const { near, far } of topology.links.filter((link) => link.far.host.startsWith('edge-'))) {
      const own = named(near.host).addresses.find(([device]) => device === near.device)?.[1];
      const edges = named(far.host).addresses.find(([device]) => device === far.bridge)?.[1];
      expect(own).toMatch(/^198\.51\.10[01]\.\d+\/30$/);
      expect(networkNumber(own)).toBe(networkNumber(edges));
      expect(own).not.toBe(edges);
    }
  });

  it('leads the slot address to the first gateway only, wherever that is', () => {
    expect(slotRoutes(['gw-eu-2', 'gw-eu-1'])).toHaveLength(1);
    expect(slotRoutes(['gw-us-1', 'gw-eu-1'])).toHaveLength(2);
  });
});

describe('seeded plants', () => {
  it('have an example of every rule about ranges', () => {
    const networks = PLANTS.flatMap(({ subnets }) => subnets.map(({ network }) => network));
    expect(networks.filter((network) => network === '192.168.1.0/24')).toHaveLength(2);
    expect(networks).toEqual(expect.arrayContaining(['10.16.0.0/12', '10.17.0.0/16']));
    expect(PLANTS.some(({ subnets }) => subnets.length === 2)).toBe(true);
    expect(PLANTS.some(({ enrolled }) => !enrolled)).toBe(true);
  });

  it('have a device at the same address in both overlapping plants, and every device in its plant', () => {
    const all = PLANTS.flatMap((plant) => plant.devices.map((device) => ({ plant, device })));
    const same = all.filter(({ device }) => device.address === '10.17.5.20').map(({ plant }) => plant.slug);
    expect(same).toEqual(['saale', 'emden']);
    for (const { plant, device } of all)
      expect(plant.subnets.some(({ network }) => contains(cidr(network), cidr(`${device.address}/32`)))).toBe(true);
  });

  it('have an account for every role', () => {
    expect(new Set(ACCOUNTS.map(({ role }) => role)).size).toBe(4);
    expect(new Set(ACCOUNTS.map(({ grant }) => grant?.role)).size).toBe(5);
    expect(COOPERATIONS.map(({ cap }) => cap)).toEqual(['operator', 'technical_manager']);
  });
});

describe('what ip is told', () => {
  it('creates cables in the namespaces of their hosts, then their ends', () => {
    const links = topology.links.filter(({ near }) => near.host === 'laptop-1');
    expect(cableBatch(links, (host) => (host === 'laptop-1' ? 11 : 22))).toMatch(
      /^link add eth0 address 02(:[0-9a-f]{2}){5} netns 11 type veth peer name p0 address 02(:[0-9a-f]{2}){5} netns 22\n$/,
    );
    expect(endsBatch(named('laptop-1'), links)).toBe(
      'link set eth0 up\naddress replace 192.168.178.20/24 dev eth0\nroute replace default via 192.168.178.1\n',
    );
    expect(endsBatch(named('home-1'), links)).toContain('link set p0 master lan up\n');
    expect(bridgeBatch(named('home-1'))).toMatch(
      /^link add lan address \S+ type bridge\nlink set lan up\naddress replace 192\.168\.178\.1\/24 dev lan\n$/,
    );
  });

  it('takes a silent host off its switch without touching the carrier', () => {
    const links = topology.links.filter(({ near }) => near.host === 'laptop-1');
    expect(cutBatch(named('home-1'), links, true)).toBe('link set p0 nomaster\n');
    expect(cutBatch(named('home-1'), links, false)).toBe('link set p0 master lan\n');
  });
});
