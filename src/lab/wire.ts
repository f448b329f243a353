/** The texts that join hosts: what `ip -batch` and `nft -f` are told. Pure. */
import type { Host, Link } from './topology.ts';

/** Creates both ends of cables right in the namespaces of their hosts, given by the process ids of their inits. */
export function cableBatch(links: readonly Link[], init: (host: string) => number): string {
  return links
    .map(
      ({ near, far }) =>
        `link add ${near.device} netns ${init(near.host)} type veth peer name ${far.device} netns ${init(far.host)}\n`,
    )
    .join('');
}

/** What a new host sets up before its cables come: its bridges and their addresses. */
export function bridgeBatch(host: Host): string {
  return host.bridges
    .map((bridge) => `link add ${bridge} type bridge\nlink set ${bridge} up\n${addressBatch(host, bridge)}`)
    .join('');
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
