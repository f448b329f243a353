/**
 * A plant for the agent's tests: two gateway stubs that are plain WireGuard, a NAT in front of the plant, the agent's
 * machine with two LANs (the second with an MTU of 1300) and a device in each, and a control of the test's own.
 *
 *   g1, g2 (198.51.N.1) ── nat ── agent (10.9.0.2, 192.168.1.1, 192.168.2.1) ── d1 (192.168.1.10), d2 (192.168.2.10)
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { type KeyPair, newKeyPair } from '../../src/net/keys.ts';
import { inside } from '../../src/lab/inside.ts';
import { type TestControl, startTestControl } from './agent-control.ts';

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** What a command said, whether it succeeded or not. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

/** A machine: a process tree in namespaces of its own. */
export interface Host {
  readonly name: string;
  /** Process id of its first process. */
  readonly init: number;
  kill(): Promise<void>;
  /** Runs a shell line to its end. */
  sh(line: string, input?: string): Promise<Outcome>;
  /** Starts a program that goes on; its output is collected. */
  start(argv: readonly string[], env?: Record<string, string>): Program;
}

export interface Program {
  readonly child: ChildProcess;
  output(): string;
  /** Its process id as this machine sees it. */
  pid(): Promise<number>;
  /** Kills it with -9. */
  end(): Promise<void>;
}

export interface World {
  readonly g1: Host;
  readonly g2: Host;
  readonly agent: Host;
  readonly d1: Host;
  readonly d2: Host;
  readonly control: TestControl;
  readonly gatewayKeys: readonly [KeyPair, KeyPair];
  readonly stateDir: string;
  readonly tokenFile: string;
  startAgent(): Program;
  close(): Promise<void>;
}

const BOOT = 'mount -t tmpfs t /run && mkdir /run/wireguard && ip link set lo up && echo ready && exec sleep infinity';

async function bootHost(name: string): Promise<Host> {
  const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...flags, 'sh', '-c', BOOT], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  const init = await childOf(child.pid ?? 0);
  return {
    name,
    init,
    sh: (line, input = '') =>
      new Promise((resolve) => {
        const [command = '', ...argv] = inside(init, ['sh', '-c', line]);
        const running = execFile(command, argv, { timeout: 60_000 }, (error, stdout, stderr) =>
          resolve({ ok: error === null, text: stdout + stderr }),
        );
        running.stdin?.on('error', () => undefined).end(input);
      }),
    start: (argv, env = {}) => {
      const [command = '', ...rest] = inside(init, argv);
      return program(spawn(command, rest, { env: { ...process.env, ...env } }));
    },
    kill: async () => {
      const gone = once(child, 'exit');
      process.kill(init, 'SIGKILL');
      await gone;
    },
  };
}

async function childOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
}

function program(child: ChildProcess): Program {
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()));
  const exited = once(child, 'exit');
  return {
    child,
    output: () => text,
    // setpriv became nsenter, whose child is the program.
    pid: () => childOf(child.pid ?? 0),
    end: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs a line that must succeed. */
export async function must(host: Host, line: string, input?: string): Promise<string> {
  const { ok, text } = await host.sh(line, input);
  if (!ok) throw new Error(`${host.name}: ${line}: ${text}`);
  return text;
}

/** Waits until a check does not throw. */
export function until<T>(check: () => T | Promise<T>, timeout = 10_000): Promise<T> {
  return vi.waitFor(check, { timeout, interval: 50 });
}

/** The users that live on the stubs: g1 has .11 to .13, g2 has .21. */
export const USERS_OF_G1 = ['100.64.0.11', '100.64.0.12', '100.64.0.13'];

const up = (dev: string, address: string) => `ip addr add ${address} dev ${dev}; ip link set ${dev} up`;

async function cable(a: Host, nearDev: string, b: Host, farDev: string): Promise<void> {
  await execute('nsenter', [
    `--target=${a.init}`,
    '--net',
    'ip',
    'link',
    'add',
    nearDev,
    'type',
    'veth',
    'peer',
    'name',
    farDev,
    'netns',
    String(b.init),
  ]);
}

/** Builds the world; the agent is not started yet. */
export async function buildWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-test-'));
  const hosts = [
    await bootHost('g1'),
    await bootHost('g2'),
    await bootHost('nat'),
    await bootHost('agent'),
    await bootHost('d1'),
    await bootHost('d2'),
  ] as const;
  const [g1, g2, nat, agent, d1, d2] = hosts;
  await cable(g1, 'eth0', nat, 'wan1');
  await cable(g2, 'eth0', nat, 'wan2');
  await cable(agent, 'eth0', nat, 'lan');
  await cable(agent, 'lan0', d1, 'eth0');
  await cable(agent, 'lan1', d2, 'eth0');
  await must(
    nat,
    `${up('wan1', '198.51.1.2/24')}; ${up('wan2', '198.51.2.2/24')}; ${up('lan', '10.9.0.1/24')}; echo 1 > /proc/sys/net/ipv4/ip_forward`,
  );
  await must(
    nat,
    'nft -f -',
    'table ip n { chain h { type nat hook postrouting priority srcnat; oifname { wan1, wan2 } masquerade\n }\n chain f { type filter hook forward priority filter; policy drop; ct state established,related accept\n iifname lan accept\n }\n }\n',
  );
  await must(
    agent,
    `${up('eth0', '10.9.0.2/24')}; ${up('lan0', '192.168.1.1/24')}; ${up('lan1', '192.168.2.1/24')}; ip link set lan1 mtu 1300; ip route add default via 10.9.0.1`,
  );
  await must(
    d1,
    `${up('eth0', '192.168.1.10/24')}; ip addr add 192.168.1.11/24 dev eth0; ip route add default via 192.168.1.1`,
  );
  await must(d2, `${up('eth0', '192.168.2.10/24')}; ip route add default via 192.168.2.1`);
  const gatewayKeys: [KeyPair, KeyPair] = [newKeyPair('x25519'), newKeyPair('x25519')];
  await stubGateway(g1, '198.51.1.1', '198.51.1.2', ['100.80.0.1', ...USERS_OF_G1]);
  await stubGateway(g2, '198.51.2.1', '198.51.2.2', ['100.80.0.2', '100.64.0.21']);

  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${'t'.repeat(43)}\n`);
  const socketPath = join(folder, 'control.sock');
  const control = await startTestControl(socketPath, async (agentKey) => {
    await Promise.all([g1, g2].map((host, n) => stubPeer(host, gatewayKeys[n] ?? newKeyPair('x25519'), agentKey)));
  });
  agent.start(['socat', 'TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr', `UNIX-CONNECT:${socketPath}`]);
  const stateDir = join(folder, 'state');
  const node = process.execPath;
  return {
    g1,
    g2,
    agent,
    d1,
    d2,
    control,
    gatewayKeys,
    stateDir,
    tokenFile,
    startAgent: () =>
      agent.start([node, join(ROOT, 'src/agent/main.ts')], {
        PARKWAY_CONTROL_URL: 'http://127.0.0.1:8080',
        PARKWAY_STATE_DIR: stateDir,
        PARKWAY_ENROLLMENT_TOKEN_FILE: tokenFile,
      }),
    close: async () => {
      await control.close();
      await Promise.all(hosts.map((host) => host.kill()));
      await rm(folder, { recursive: true });
    },
  };
}

async function stubGateway(host: Host, address: string, router: string, inner: readonly string[]): Promise<void> {
  await must(host, `ip addr add ${address}/24 dev eth0; ip link set eth0 up; ip route add default via ${router}`);
  await must(host, `LOG_LEVEL=silent wireguard-go stub; ip link set stub mtu 1420 up`);
  for (const one of inner) await must(host, `ip addr add ${one}/32 dev stub`);
  for (const net of ['100.96.0.0/11', '240.0.0.0/4', '192.168.0.0/16', '100.80.0.9/32', '100.64.0.0/12', '10.9.0.0/24'])
    await must(host, `ip route add ${net} dev stub src ${inner[1]}`);
}

async function stubPeer(host: Host, key: KeyPair, agentKey: string): Promise<void> {
  await must(
    host,
    'cat > /run/stub.conf && wg setconf stub /run/stub.conf',
    `[Interface]\nPrivateKey = ${key.privateKey.reveal()}\nListenPort = 51900\n[Peer]\nPublicKey = ${agentKey}\nAllowedIPs = 0.0.0.0/0\n`,
  );
}
