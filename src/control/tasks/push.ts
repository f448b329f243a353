import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { connectionConfig } from '../../store/db.ts';
import type { Deps } from '../deps.ts';
import type { Hub } from '../sync/hub.ts';

const EVERY_MS = 1000;

/** A database that does not answer must not hold up a stop. */
const CONNECT_MS = 5000;

/**
 * Keeps the connected daemons up to date until it is stopped: a change, on whichever control process, wakes the hub at once;
 * the same check runs every second for wake-ups that were lost. `database` is for a connection of its own.
 */
export function startPush(
  { log }: Pick<Deps, 'log'>,
  hub: Hub,
  database: string | ClientConfig,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const check = () => hub.check().catch((error: unknown) => log.warn({ err: error }, 'push: check failed'));
  const running = Promise.all([listen(log, connectionConfig(database), check, signal), tick(log, hub, check, signal)]);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function tick(log: Deps['log'], hub: Hub, check: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (await pause(signal)) {
    await check();
    await hub.tick().catch((error: unknown) => log.warn({ err: error }, 'push: could not note who was heard of'));
  }
}

/** Listens on a dedicated connection, and opens another when it breaks. */
async function listen(
  log: Deps['log'],
  config: ClientConfig,
  check: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  do {
    try {
      await listenOnce(config, check, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'push: the listening connection is lost');
    }
  } while (await pause(signal));
}

/** Resolves when the connection has ended. */
async function listenOnce(config: ClientConfig, check: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const client = new Client({ ...config, keepAlive: true, connectionTimeoutMillis: CONNECT_MS });
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', resolve);
  });
  // Until it is awaited below, a failure is reported by the query that meets it.
  ended.catch(() => undefined);
  const end = () => void client.end().catch(() => undefined);
  client.on('notification', () => void check());
  try {
    await client.connect();
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    await client.query('listen parkway_revision');
    // What changed before we listened.
    await check();
    await ended;
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** Waits a second. Returns false as soon as it is to stop. */
async function pause(signal: AbortSignal): Promise<boolean> {
  await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
