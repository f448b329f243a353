import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runner } from '../kernel/run.ts';
import { prepareDevice, type ServiceAccount, sshdArgv } from './device/ssh.ts';
import type { Places } from './places.ts';
import type { Secrets } from './secrets.ts';
import { PLANTS, PLATFORM_ACCOUNT } from './seed/installation.ts';
import type { Host, Role } from './topology.ts';

/** A process that belongs on a host. */
export interface Daemon {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface DaemonDeps {
  readonly places: Places;
  readonly secrets: Secrets;
  readonly account: ServiceAccount;
  readonly runner: Runner;
  /** Where control is reached, from every host and from the machine. */
  readonly url: string;
  /** Where people on this machine open it in a browser. */
  readonly publicUrl: string;
}

/** UDP port of gateways for agents. */
const AGENTS_PORT = 51900;
/** TCP port of control. */
export const CONTROL_PORT = 8080;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASE_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node-compile'),
};

/**
 * What runs on a host, with its files prepared. Gateways and agents that were given no enrolment token, now or earlier,
 * run nothing.
 */
export async function daemonsOf(host: Host, deps: DaemonDeps): Promise<Daemon[]> {
  const directory = deps.places.host(host.name);
  await mkdir(directory, { recursive: true });
  const make = PROGRAMS[host.role];
  return make === undefined ? [] : make(host, directory, deps);
}

const PROGRAMS: { [R in Role]?: (host: Host, directory: string, deps: DaemonDeps) => Promise<Daemon[]> | Daemon[] } = {
  control: async (_, directory, deps) => [await control(directory, deps)],
  gateway: ({ address }, directory, deps) => [
    daemon('gateway', { ...enrolled(directory, deps), PARKWAY_ENDPOINT: `${address}:${AGENTS_PORT}` }),
  ],
  plant: ({ plant }, directory, deps) =>
    PLANTS.some(({ slug, enrolled: is }) => slug === plant && is) ? [daemon('agent', enrolled(directory, deps))] : [],
  device,
};

/** Puts a daemon's enrolment token where it looks for it. */
export async function giveToken(places: Places, host: string, token: string): Promise<void> {
  await mkdir(places.host(host), { recursive: true });
  await writeFile(join(places.host(host), 'enrollment-token'), token, { mode: 0o600 });
}

function enrolled(directory: string, { url }: DaemonDeps) {
  return {
    PARKWAY_CONTROL_URL: url,
    PARKWAY_STATE_DIR: join(directory, 'state'),
    PARKWAY_ENROLLMENT_TOKEN_FILE: join(directory, 'enrollment-token'),
  };
}

async function control(directory: string, { secrets, url, publicUrl }: DaemonDeps): Promise<Daemon> {
  const bootstrap = join(directory, 'bootstrap.json');
  await writeFile(
    bootstrap,
    JSON.stringify({ ...PLATFORM_ACCOUNT, password: secrets.accounts[PLATFORM_ACCOUNT.email] }),
    { mode: 0o600 },
  );
  return daemon('control', {
    PARKWAY_LISTEN: `0.0.0.0:${CONTROL_PORT}`,
    PARKWAY_STATE_DIR: join(directory, 'state'),
    PARKWAY_PUBLIC_URL: publicUrl,
    PARKWAY_DAEMONS_URL: url,
    PARKWAY_INSECURE_HTTP: '1',
    PARKWAY_BOOTSTRAP_FILE: bootstrap,
  });
}

async function device(host: Host, directory: string, { places, account, runner }: DaemonDeps): Promise<Daemon[]> {
  const files = await prepareDevice(directory, host.name, account, runner);
  const plant = PLANTS.find(({ slug }) => slug === host.plant);
  const web = daemon('lab/device', {
    LAB_PLANT: plant?.name ?? '',
    LAB_DEVICE: host.name.split('.')[0] ?? '',
    LAB_ADDRESS: host.address,
    LAB_USER: account.user,
    LAB_PASSWORD: account.password,
    LAB_TLS_KEY: files.tlsKey,
    LAB_TLS_CERTIFICATE: files.tlsCertificate,
  });
  return [
    { ...web, name: 'device' },
    { name: 'sshd', argv: sshdArgv(places.host('devices'), files.sshd), env: BASE_ENV },
  ];
}

/** One of our own programs: `src/<folder>/main.ts`, with the Node that runs this one. */
function daemon(folder: string, env: Readonly<Record<string, string>>): Daemon {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'src', folder, 'main.ts')];
  return { name: folder, argv, env: { ...BASE_ENV, ...env } };
}
