import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Host } from './topology.ts';

/** A host that runs: a process tree in network, mount, process, name and IPC namespaces of its own. */
export interface RunningHost {
  readonly name: string;
  /** Process id of its init, as the machine sees it. */
  readonly init: number;
  /** Resolves when its last process is gone. */
  readonly ended: Promise<void>;
}

// What the host must not share with the machine: sockets of wireguard-go, shared memory of Postgres, what sshd wants.
// Bridged frames must not meet the router's own rules (bridge-nf-call), and nothing here speaks IPv6.
const BOOT = `
set -e
hostname "$1"
mount -t tmpfs -o mode=755 lab /run
mount -t tmpfs -o mode=1777 lab /dev/shm
mount -t sysfs lab /sys
mkdir -p /run/wireguard /run/sshd /run/lock
for family in all default; do echo 1 > /proc/sys/net/ipv6/conf/$family/disable_ipv6; done
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo "$2" > /proc/sys/net/ipv4/ip_forward
ip link set lo up
echo ready
exec sleep infinity
`;

const NAMESPACES = ['--net', '--mount', '--pid', '--uts', '--ipc'];

/**
 * Boots a host. Everything in it dies with its init, and the init with this process, also when that is killed with -9.
 * Rejects when the machine refuses, with what it said.
 */
export async function bootHost(host: Host): Promise<RunningHost> {
  const forwards = host.role === 'edge' || host.role === 'router';
  const boot = ['tini', '-s', '--', 'sh', '-c', BOOT, 'boot', host.name, forwards ? '1' : '0'];
  const argv = ['--pdeathsig', 'KILL', 'unshare', ...NAMESPACES, '--fork', '--kill-child', '--mount-proc', ...boot];
  // A process group of its own: Ctrl-C at the terminal is for the supervisor only.
  const child = spawn('setpriv', argv, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  const ready = new Promise<'ready'>((resolve) => createInterface(child.stdout).once('line', () => resolve('ready')));
  if ((await Promise.race([ready, ended])) !== 'ready')
    throw new Error(`host ${host.name} does not boot: ${said.trim()}`);
  return { name: host.name, init: childOf(child.pid ?? 0), ended };
}

/** Kills every process of a host with -9, and its namespaces with them. Resolves when they are gone. */
export async function killHost(host: RunningHost): Promise<void> {
  try {
    process.kill(host.init, 'SIGKILL');
  } catch {
    // It died by itself.
  }
  await host.ended;
}

/** The identity of a host's network, to know a process id that was given to another process since. */
export function networkIdentity(init: number): string | undefined {
  try {
    return readlinkSync(`/proc/${init}/ns/net`);
  } catch {
    return undefined;
  }
}

/** The only child of a process. */
export function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
