import type { Writable } from 'node:stream';
import type { EventJson, Topic } from '../../wire/rest/events.ts';
import type { Scope } from '../../wire/rest/tokens.ts';
import { type Actor, hasScope } from '../actor.ts';

/** Somebody's open stream of events. */
export interface Stream {
  readonly userId: string;
  /** Of the session or API token that opened it. */
  readonly credentialId: string;
  /** Adds events to what waits, and sends it as soon as the connection takes it. */
  readonly tell: (events: readonly EventJson[], revision: number) => void;
  /** Shows proxies and the browser that it lives. Ends one that has taken nothing for a long time. */
  readonly beat: (now: number) => void;
  /** Whether events for platform administrators go to it. */
  readonly setPlatform: (is: boolean) => void;
  /** Sends the last event, when there is one, and ends the stream. */
  readonly end: (last?: EventJson) => void;
}

/** One that takes nothing for so long is not there any more. */
const STALLED_MS = 60_000;

/** So many plants are named; more of them are the list. */
const MOST_PLANTS = 50;

/** What an API token must be allowed to read to be told that it changed. */
const NEEDED: Readonly<Partial<Record<Topic, Scope>>> = {
  routes: 'routes',
  certificate: 'routes',
  plants: 'read',
  organization: 'read',
  cooperations: 'read',
  platform: 'platform',
};

/**
 * A stream over a connection. What a slow reader did not take yet is a set of topics, so it takes no more memory however long it
 * sleeps.
 */
export function openStream(actor: Actor, out: Writable): Stream {
  const waiting = new Map<string, EventJson>();
  let isPlatform = actor.platformAdministrator;
  let isReady = true;
  let waitsSince: number | undefined;
  let revision = 0;

  const mayHear = ({ topic }: EventJson): boolean => {
    const needed = NEEDED[topic];
    if (needed === undefined) return true;
    return hasScope(actor, needed) && (needed !== 'platform' || isPlatform);
  };
  const add = (event: EventJson): void => {
    const plants = [...waiting.keys()].filter((key) => key.startsWith('plants'));
    if (event.topic === 'plants' && event.plantId !== undefined) {
      if (waiting.has('plants ')) return;
      if (plants.length >= MOST_PLANTS) return add({ topic: 'plants' });
    } else if (event.topic === 'plants') for (const key of plants) waiting.delete(key);
    waiting.set(`${event.topic} ${event.plantId ?? event.organizationId ?? ''}`, event);
  };
  const write = (text: string): void => {
    isReady = out.write(text);
  };
  const flush = (): void => {
    if (!isReady || waiting.size === 0 || out.destroyed || out.writableEnded) return;
    const text = [...waiting.values()].map((event) => frame(event, revision)).join('');
    waiting.clear();
    write(text);
  };
  out.on('drain', () => {
    isReady = true;
    waitsSince = undefined;
    flush();
  });
  // A connection that is gone tells so by `close`; whoever opened the stream listens to that.
  out.on('error', () => undefined);
  return {
    userId: actor.userId,
    credentialId: actor.via.id,
    tell: (events, at) => {
      revision = at;
      for (const event of events) if (mayHear(event)) add(event);
      flush();
    },
    beat: (now) => {
      if (isReady) return write(': \n\n');
      waitsSince ??= now;
      if (now - waitsSince > STALLED_MS) out.destroy();
    },
    setPlatform: (is) => {
      isPlatform = is && actor.platformAdministrator;
    },
    end: (last) => {
      // One that reads nothing does not take the end either.
      if (isReady) out.end(last === undefined ? undefined : frame(last, revision));
      else out.destroy();
    },
  };
}

/** The id is the revision; a client that comes back names it, and is told to read everything. */
function frame(event: EventJson, revision: number): string {
  const { topic, ...rest } = event;
  return `id: ${revision}\ndata: ${JSON.stringify({ topic, ...(revision > 0 ? { revision } : {}), ...rest })}\n\n`;
}
