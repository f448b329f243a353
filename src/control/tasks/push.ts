import type { ClientConfig } from 'pg';
import { connectionConfig } from '../../store/db.ts';
import type { Deps } from '../deps.ts';
import type { Hub } from '../sync/hub.ts';
import { listen, pause } from './listen.ts';

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
  const listening = {
    channels: ['parkway_revision'],
    // What changed before we listened.
    onListening: check,
    onNotification: () => void check(),
  };
  const running = Promise.all([
    listen(log, connectionConfig(database), listening, signal),
    tick(log, hub, check, signal),
  ]);
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
