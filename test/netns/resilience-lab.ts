/**
 * A lab of a test's own, and what the tests of resilience do with it: enter hosts, find and signal the daemons, ask the API, and read
 * what a gateway's kernel holds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { z } from 'zod';
import type { Api } from '../../src/cli/client.ts';
import { realRunner } from '../../src/kernel/run.ts';
import { initOf } from '../../src/lab/enter.ts';
import { missing } from '../../src/lab/health.ts';
import { networkIdentity } from '../../src/lab/host.ts';
import { inside } from '../../src/lab/inside.ts';
import { connectLaptop } from '../../src/lab/laptop.ts';
import { placesOf } from '../../src/lab/places.ts';
import { signIn } from '../../src/lab/seed/api.ts';
import { order } from '../../src/lab/socket.ts';
import { type Status, statusSchema } from '../../src/lab/status.ts';
import { newKeyPair } from '../../src/net/keys.ts';
import { type Db, openDb } from '../../src/store/db.ts';
import { composeProfile } from '../../src/wire/profile.ts';
import { certificateSchema } from '../../src/wire/rest/certificate.ts';
import { grantSchema } from '../../src/wire/rest/grants.ts';
import { memberSchema } from '../../src/wire/rest/members.ts';
import { type RevisionJson, revisionSchema } from '../../src/wire/rest/revisions.ts';
import { type LabDriver, openLabDriver } from './lab-driver.ts';

const TRAFFIC = fileURLToPath(new URL('resilience-traffic.py', import.meta.url));
export const GATEWAYS = ['gw-eu-1', 'gw-eu-2'] as const;
export const ADMINISTRATOR = 'administrator@sunfield.test';
export const PLATFORM = 'platform@parkway.test';

const runner = realRunner();

/** What runs on a host. */
export type Program = 'control' | 'gateway' | 'agent' | 'postgres';

export interface TestLab extends Pick<LabDriver, 'status' | 'parkway' | 'folder'> {
  /** How to reach control's database. */
  readonly database: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
  readonly db: Db;
  /** Runs `parkway lab …`. */
  lab(...words: string[]): Promise<string>;
  /** Runs a command on a host. Throws KernelError when it fails. */
  on(host: string, argv: readonly string[], input?: string): Promise<string>;
  /** Starts the traffic script on a host; see there. */
  traffic(host: string, ...words: string[]): Promise<ChildProcess>;
  /** Process ids of a program on a host, as the machine sees them. */
  pids(host: string, program: Program): Promise<number[]>;
  signal(host: string, program: Program, signal: NodeJS.Signals): Promise<void>;
  /** What `parkway lab status` says now. */
  now(): Promise<Status>;
  /** Waits until every gateway, agent and path is up and every daemon runs. */
  healthy(): Promise<void>;
  api(email: string): Promise<Api>;
  down(): Promise<void>;
}

/** Brings a lab up, with the administrators signed in for the command line. Take it down whatever happens. */
export async function bringUp(...options: string[]): Promise<TestLab> {
  const driver = await openLabDriver([ADMINISTRATOR, PLATFORM], options);
  const { status } = driver;
  const places = placesOf(driver.folder, status.name);
  const socket = join(status.stateDirectory, 'hosts/control/state/postgres/socket');
  const database = { host: socket, port: 5432, user: 'parkway', database: 'parkway' };
  const db = openDb({ ...database, max: 3 });
  const init = async (host: string) => (await initOf(places, host)).init;
  const pids = async (host: string, program: Program) => {
    const network = networkIdentity(await init(host));
    return processes().filter((pid) => networkIdentity(pid) === network && runs(pid, program));
  };
  const now = async () => statusSchema.parse(await order(places.socket, { order: 'status' }));
  return {
    ...driver,
    database,
    db,
    pids,
    now,
    lab: (...words) => driver.parkway(ADMINISTRATOR, 'lab', ...words),
    on: async (host, argv, input) =>
      runner.run(inside(await init(host), argv), { ...(input === undefined ? {} : { input }), timeoutMs: 60_000 }),
    traffic: async (host, ...words) => {
      const [command = '', ...argv] = inside(await init(host), ['python3', TRAFFIC, ...words]);
      return spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    },
    signal: async (host, program, signal) => {
      const found = await pids(host, program);
      if (found.length === 0) throw new Error(`${program} does not run on ${host}`);
      for (const pid of found) send(pid, signal);
      // What entered the host to start the program stops with it.
      if (signal === 'SIGCONT') for (const pid of found) send(parentOf(pid), signal);
    },
    healthy: () =>
      eventually(async () => {
        const { gateways, plants, hosts } = await now();
        if (gateways === null || plants === null) return 'control';
        const dead = hosts.find(({ daemons }) => daemons.some(({ alive }) => !alive));
        return missing({ gateways, plants }, GATEWAYS) ?? (dead && `a daemon of ${dead.name}`);
      }, 60_000),
    api: (email) => {
      const account = status.accounts.find((one) => one.email === email);
      return signIn(status.url, email, account?.password ?? '');
    },
    down: async () => {
      await db.destroy();
      await driver.down();
    },
  };
}

/** Prints a figure that the test measured, for docs/measurements.md. */
export function tell(figure: string): void {
  process.stdout.write(`${figure}\n`);
}

/** Waits until a check has nothing to complain of. */
export function eventually(check: () => Promise<string | undefined>, timeout: number): Promise<void> {
  return vi.waitFor(
    async () => {
      const complaint = await check();
      if (complaint !== undefined) throw new Error(`still waiting for ${complaint}`);
    },
    { timeout, interval: 50 },
  );
}

/** What is granted on which plant of Sunfield, to whom. */
export interface Grants {
  /** Returns the revision at which it is so. */
  give(email: string, plant: string): Promise<number>;
  take(email: string, plant: string): Promise<number>;
}

/** Operator grants through the API, as the administrator of Sunfield. */
export async function grantsOf(lab: TestLab, administrator: Api): Promise<Grants> {
  const organizations = z.object({ id: z.uuid(), name: z.string() });
  const { value } = await administrator.list('/organizations', organizations);
  const base = `/organizations/${value.find(({ name }) => name === 'Sunfield')?.id ?? ''}`;
  const members = (await administrator.list(`${base}/members`, memberSchema)).value;
  const plants = lab.status.plants ?? [];
  return {
    give: async (email, slug) => {
      const userId = members.find((member) => member.email === email)?.userId;
      const plantId = plants.find((plant) => plant.slug === slug)?.id;
      const body = { userId, plantId, role: 'operator' };
      return made(await administrator.send('POST', `${base}/grants`, body, grantSchema));
    },
    take: async (email, slug) => {
      const { value: grants } = await administrator.list(`${base}/grants`, grantSchema);
      const plantId = plants.find((plant) => plant.slug === slug)?.id;
      const grant = grants.find(({ user, plant }) => user.email === email && plant?.id === plantId);
      return made(await administrator.remove(`/grants/${grant?.id ?? ''}`));
    },
  };
}

function made({ revision }: { revision: number | undefined }): number {
  if (revision === undefined) throw new Error('the change made no revision');
  return revision;
}

/** Who holds a revision, as the API says. */
export async function confirmation(api: Api, revision: number): Promise<RevisionJson> {
  return (await api.get(`/revisions/${revision}`, revisionSchema)).value;
}

/** Names of those that have not confirmed a revision. */
export async function behind(api: Api, revision: number): Promise<string[]> {
  const { gateways, agents } = await confirmation(api, revision);
  return [...gateways, ...agents].filter(({ confirmed }) => !confirmed).map(({ name }) => name);
}

/** Waits until everybody concerned holds a revision in its kernel. */
export function inForce(api: Api, revision: number): Promise<void> {
  return eventually(async () => {
    const names = await behind(api, revision);
    return names.length === 0 ? undefined : names.join(', ');
  }, 30_000);
}

/** Issues a certificate, in force everywhere. `further` are networks that its `.conf` has beyond those of its profile. */
export async function issue(
  lab: TestLab,
  email: string,
  further: readonly string[] = [],
): Promise<{ address: string; conf: string }> {
  const api = await lab.api(email);
  const { publicKey, privateKey } = newKeyPair('x25519');
  const answer = await api.send('POST', '/certificate', { publicKey, profile: 'full' }, certificateSchema);
  await inForce(api, made(answer));
  const allowedIps = [...answer.value.allowedIps, ...further];
  return { address: answer.value.address, conf: composeProfile(privateKey, { ...answer.value, allowedIps }) };
}

/** Issues a certificate and brings it up on a laptop with the stock client. Returns the tunnel address. */
export async function connectAs(
  lab: TestLab,
  laptop: string,
  email: string,
  further: readonly string[] = [],
): Promise<string> {
  const { address, conf } = await issue(lab, email, further);
  const { init } = await initOf(placesOf(lab.folder, lab.status.name), laptop);
  await connectLaptop(runner, init, conf);
  return address;
}

/** Which plant's web page answers at an address, for a laptop; `nobody` when none does within two seconds. */
export async function pageAt(lab: TestLab, laptop: string, address: string): Promise<string> {
  const page = await lab.on(laptop, ['curl', '-s', '-m', '2', `http://${address}/`]).catch(() => '');
  return /Plant: ([^<]*)/.exec(page)?.[1] ?? 'nobody';
}

/** The address of a host number by the alias of a plant's first subnet. */
export function aliasOf(lab: TestLab, slug: string, host: number): string {
  const alias = lab.status.plants?.find((plant) => plant.slug === slug)?.subnets[0]?.alias ?? undefined;
  if (alias === undefined) throw new Error(`${slug} has no alias`);
  return alias.replace(/\d+\/\d+$/, String(host));
}

const reportSchema = z.object({
  seconds: z.number(),
  tcp: z.object({
    bytes: z.number(),
    end: z.string().nullable(),
    stalls: z.array(z.object({ at: z.number(), seconds: z.number() })),
  }),
  udp: z.object({ sent: z.number(), lost: z.array(z.number()) }),
  icmp: z.object({ sent: z.number(), lost: z.array(z.number()) }),
});
export type TransferReport = z.infer<typeof reportSchema>;

/** A TCP download, a stream of datagrams and a series of pings from a laptop to a device, until it is ended. */
export async function startTransfer(
  lab: TestLab,
  laptop: string,
  device: string,
  address: string,
): Promise<() => Promise<TransferReport>> {
  const port = '9000';
  const sender = await lab.traffic(device, 'send', port);
  await eventually(
    async () => ((await lab.on(device, ['ss', '-ltnH'])).includes(`:${port} `) ? undefined : 'the sender'),
    10_000,
  );
  const receiver = await lab.traffic(laptop, 'transfer', address, port);
  if (receiver.stdout === null || receiver.stdin === null) throw new Error('the transfer has no pipes');
  const { stdin, stdout } = receiver;
  const [first] = await once(stdout, 'data');
  if (String(first) !== 'started\n') throw new Error(`the transfer did not start: ${String(first)}`);
  const said = text(stdout);
  return async () => {
    stdin.end();
    const report = reportSchema.parse(JSON.parse(await said));
    sender.kill('SIGKILL');
    return report;
  };
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether a process is a program itself, and not what entered the host to start it. */
function runs(pid: number, program: Program): boolean {
  try {
    const [argv0 = '', ...argv] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (program === 'postgres') return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'postgres\n';
    return argv0.endsWith('/node') && argv.some((word) => word.endsWith(`/src/${program}/main.ts`));
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // One of several that died with another.
  }
}
