import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cron } from 'croner';
import type { FastifyBaseLogger } from 'fastify';
import type { ClientConfig } from 'pg';
import { systemClock } from '../net/clock.ts';
import { type Db, connectionConfig, migrate, openDb } from '../store/db.ts';
import { type Installation, openInstallation } from '../store/installation.ts';
import { startOwnServer } from '../store/own-server.ts';
import { forgetOld } from '../store/retention.ts';
import { isUnavailable } from '../store/unavailable.ts';
import { bootstrap } from './bootstrap.ts';
import type { Config } from './config.ts';
import type { Deps } from './deps.ts';
import { type App, type Transport, buildApp } from './http/app.ts';
import { openMailer } from './mail.ts';
import { openPlaces } from './places.ts';
import { loadMasterKey } from './master-key.ts';
import { CALLBACK_PATH, type Oidc, openOidc } from './oidc.ts';
import { createHub } from './sync/hub.ts';
import { syncRoutes } from './sync/routes.ts';
import { startEvents } from './tasks/events.ts';
import { startPush } from './tasks/push.ts';
import { startVerification } from './tasks/verify.ts';

/** A control process that listens. */
export interface Control {
  readonly url: string;
  /** Answers what is under way, closes all connections, and stops the database if it is control's own. */
  stop(): Promise<void>;
}

/** How long a database that does not answer is waited for at the start. */
const PATIENCE_MS = 60_000;

/** A request waits no longer for a connection to the database; then it is told `unavailable`. */
const CONNECT_MS = 5000;

/**
 * Starts control: database, schema, first administrator, API, daemons' connections, tasks. When a step fails, what the
 * former ones started is stopped and the step's error is thrown.
 */
export async function startControl(config: Config, log: FastifyBaseLogger): Promise<Control> {
  await using started = new AsyncDisposableStack();
  const masterKey = await loadMasterKey(config.stateDirectory);
  const database = await locateDatabase(config, log, started);
  const db = openPool(database, started);
  await waitFor(db, log);
  const deps: Deps = {
    db,
    clock: systemClock,
    pools: config.pools,
    log,
    masterKey,
    installation: await installationOf(db, masterKey, config),
    publicUrl: config.publicUrl,
    daemonsUrl: config.daemonsUrl,
    oidc: await oidcOf(config),
    places: config.geoDatabase === undefined ? undefined : await openPlaces(config.geoDatabase),
    mail: config.mail === undefined ? undefined : await openMailer(config.mail),
  };
  // A withdrawal must reach the gateways however many requests wait for a connection, or for the lock that it just left.
  const daemonsDb = openPool(database, started);
  if (config.bootstrapFile !== undefined) await bootstrap(deps, config.bootstrapFile);
  const app = await buildApp(deps, await transportOf(config));
  started.defer(() => app.close());
  await serveDaemons(app, { ...deps, db: daemonsDb }, database, started);
  forgetHourly(deps, started);
  const url = await app.listen(config.listen);
  const all = started.move();
  return { url, stop: () => all.disposeAsync() };
}

/** Where the database is: the operator's, or control's own, which is started. */
async function locateDatabase(
  { databaseUrl, stateDirectory }: Config,
  log: FastifyBaseLogger,
  started: AsyncDisposableStack,
): Promise<string | ClientConfig> {
  if (databaseUrl !== undefined) return databaseUrl;
  const server = await startOwnServer(join(stateDirectory, 'postgres'), (message) => log.info(message));
  started.defer(() => server.stop());
  return server.connection;
}

function openPool(database: string | ClientConfig, started: AsyncDisposableStack): Db {
  const db = openDb({ ...connectionConfig(database), connectionTimeoutMillis: CONNECT_MS });
  started.defer(() => db.destroy());
  return db;
}

/** Takes the daemons' connections, keeps them up to date, and verifies what they are told. */
async function serveDaemons(
  app: App,
  deps: Deps,
  database: string | ClientConfig,
  started: AsyncDisposableStack,
): Promise<void> {
  const hub = createHub(deps);
  await syncRoutes(app, deps, hub);
  started.defer(() => hub.close());
  const push = startPush(deps, hub, database);
  started.defer(() => push.stop());
  const events = startEvents(deps, app.streams, database);
  started.defer(() => events.stop());
  const verification = startVerification(deps);
  started.defer(() => verification.stop());
}

/** Migrates as soon as the database answers. Throws what the migration threw, or that nobody answered. */
async function waitFor(db: Db, log: FastifyBaseLogger): Promise<void> {
  const end = systemClock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await migrate(db);
    } catch (error) {
      if (!isUnavailable(error) || systemClock.now() > end) throw error;
      log.warn({ reason: error instanceof Error ? error.message : '' }, 'the database does not answer yet');
      await delay(1000);
    }
  }
}

async function installationOf(db: Db, masterKey: Buffer, { stateDirectory }: Config): Promise<Installation> {
  try {
    return await openInstallation(db, masterKey);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    const sentence = `The master key in ${stateDirectory} does not open this database. Restore the one that belongs to it.`;
    throw new Error(sentence, { cause: error });
  }
}

async function oidcOf({ oidc, publicUrl }: Config): Promise<Oidc | undefined> {
  if (oidc === undefined) return undefined;
  const secret = (await readFile(oidc.clientSecretFile, 'utf8')).trim();
  return openOidc(oidc, secret, `${publicUrl}${CALLBACK_PATH}`);
}

async function transportOf({ tls, webDirectory }: Config): Promise<Transport> {
  if (tls === undefined) return { webDirectory };
  const [cert, key] = await Promise.all([readFile(tls.certificateFile, 'utf8'), readFile(tls.keyFile, 'utf8')]);
  return { tls: { cert, key }, webDirectory };
}

/** Nothing depends on it: what is over is refused whether its row is there or not. */
function forgetHourly({ db, clock, log }: Deps, started: AsyncDisposableStack): void {
  const task = new Cron(
    '17 * * * *',
    { protect: true, catch: (error) => log.warn({ err: error }, 'not forgotten') },
    async () => {
      await forgetOld(db, new Date(clock.now()));
    },
  );
  started.defer(() => task.stop());
}
