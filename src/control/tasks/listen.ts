import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig, escapeIdentifier } from 'pg';
import type { Deps } from '../deps.ts';

const EVERY_MS = 1000;

/** A database that does not answer must not hold up a stop. */
const CONNECT_MS = 5000;

/** What is listened to, and what for. */
export interface Listening {
  readonly channels: readonly string[];
  /** The connection stands: whatever was told before is not heard any more. */
  readonly onListening: () => Promise<void>;
  readonly onNotification: (channel: string, payload: string) => void;
}

/** Listens on a dedicated connection until the signal, and opens another when it breaks. */
export async function listen(
  log: Deps['log'],
  config: ClientConfig,
  listening: Listening,
  signal: AbortSignal,
): Promise<void> {
  do {
    try {
      await listenOnce(config, listening, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, channels: listening.channels }, 'the listening connection is lost');
    }
  } while (await pause(signal));
}

/** Resolves when the connection has ended. */
async function listenOnce(
  config: ClientConfig,
  { channels, onListening, onNotification }: Listening,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ ...config, keepAlive: true, connectionTimeoutMillis: CONNECT_MS });
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', resolve);
  });
  // Until it is awaited below, a failure is reported by the query that meets it.
  ended.catch(() => undefined);
  const end = () => void client.end().catch(() => undefined);
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload));
  try {
    await client.connect();
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    for (const channel of channels) await client.query(`listen ${escapeIdentifier(channel)}`);
    await onListening();
    await ended;
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** Waits a second. Returns false as soon as it is to stop. */
export async function pause(signal: AbortSignal): Promise<boolean> {
  await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
