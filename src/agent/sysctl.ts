import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads and sets kernel parameters by their path below `/proc/sys`. */
export interface Sysctl {
  read(path: string): Promise<string>;
  write(path: string, value: string): Promise<void>;
}

/** The machine's parameters; those below `net` are of the network namespace that this process is in. */
export const systemSysctl: Sysctl = {
  read: async (path) => (await readFile(join('/proc/sys', path), 'utf8')).trim(),
  write: (path, value) => writeFile(join('/proc/sys', path), value),
};

/** What the data plane rests on. The connection tracker's exist once a rule set that uses it is loaded. */
const ALWAYS = {
  'net/ipv4/ip_forward': '1',
  // Our own ICMP errors take the way of the packet that they are about.
  'net/ipv4/fwmark_reflect': '1',
  // A TCP packet of a connection that the agent has not seen begin is at the wrong plant.
  'net/netfilter/nf_conntrack_tcp_loose': '0',
  'net/netfilter/nf_conntrack_tcp_be_liberal': '1',
};

/** Sets what is not as it should be, for the machine and for the tunnels. Returns what it changed. */
export async function setSysctls(sysctl: Sysctl, tunnels: readonly string[]): Promise<string[]> {
  // A source that is reached by the mark only passes reverse path filters by it.
  const each = tunnels.map((dev) => [`net/ipv4/conf/${dev}/src_valid_mark`, '1'] as const);
  const changed: string[] = [];
  for (const [path, value] of [...Object.entries(ALWAYS), ...each]) {
    if ((await sysctl.read(path)) === value) continue;
    await sysctl.write(path, value);
    changed.push(`${path} = ${value}`);
  }
  return changed;
}
