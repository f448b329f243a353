/** The texts that join hosts: what `ip -batch` and `nft -f` are told. Pure. */
import { createHash } from 'node:crypto';
import type { Host, Link } from './topology.ts';

/** Creates both ends of cables right in the namespaces of their hosts, given by the process ids of their inits. */
export function cableBatch(links: readonly Link[], init: (host: string) => number): string {
  return links.map(({ near, far }) => `link add ${end(near, init)} type veth peer name ${end(far, init)}\n`).join('');
}

function end({ host, device }: { host: string; device: string }, init: (host: string) => number): string {
  return `${device} address ${macOf(host, device)} netns ${init(host)}`;
}

/** A hardware address that a host keeps when it boots again, so that its neighbours find it at once. */
function macOf(host: string, device: string): string {
  const bytes = createHash('sha256').update(`${host} ${device}`).digest().subarray(0, 5);
  return ['02', ...[...bytes].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** What a new host sets up before its cables come: its bridges and their addresses. */
export function bridgeBatch(host: Host): string {
  const add = (bridge: string) =>
    `link add ${bridge} address ${macOf(host.name, bridge)} type bridge\nlink set ${bridge} up\n`;
  return host.bridges.map((bridge) => `${add(bridge)}${addressBatch(host, bridge)}`).join('');
}

/** What a host sets up at its ends of cables, new or renewed. All of it may be repeated. */
export function endsBatch(host: Host, links: readonly Link[]): string {
  const ports = links
    .filter(({ far }) => far.host === host.name)
    .map(({ far }) => `link set ${far.device} master ${far.bridge} up\n`);
  const own = links.filter(({ near }) => near.host === host.name).map(({ near }) => near.device);
  const ends = own.map((device) => `link set ${device} up\n${addressBatch(host, device)}`);
  const routes = host.routes.map((route) => `route replace ${route}\n`);
  return [...ports, ...ends, ...routes].join('');
}

/** Takes a host's cables off the switches, or puts them back: its packets vanish, and nobody loses a carrier. */
export function cutBatch(host: Host, links: readonly Link[], cut: boolean): string {
  return links
    .filter(({ far }) => far.host === host.name)
    .map(({ far }) => `link set ${far.device} ${cut ? 'nomaster' : `master ${far.bridge}`}\n`)
    .join('');
}

/** A home or site router: hides what is behind it and lets in only what answers. */
export function routerRules(outside: string): string {
  return `table ip router {
  chain forward_ { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname != "${outside}" accept
  }
  chain hide { type nat hook postrouting priority srcnat;
    oifname "${outside}" masquerade
  }
}
`;
}

function addressBatch(host: Host, device: string): string {
  return host.addresses
    .filter(([on]) => on === device)
    .map(([, address]) => `address replace ${address} dev ${device}\n`)
    .join('');
}
