/**
 * Tells who listens what to read again. A notification, from whichever control process, wakes it at once; every second it looks
 * by itself for what no notification says: revisions whose wake-up was lost, daemons that fell silent, sessions that ended.
 */
import type { ClientConfig } from 'pg';
import { connectionConfig } from '../../store/db.ts';
import {
  type Concern,
  fallenSilent,
  liveCredentials,
  revisionBounds,
  routesConcerned,
  toldConcerned,
} from '../../store/events.ts';
import { type EventJson, eventSchema } from '../../wire/rest/events.ts';
import type { Deps } from '../deps.ts';
import type { Streams } from '../http/event-streams.ts';
import { merging } from '../sync/merging.ts';
import { listen, pause } from './listen.ts';
import { emptyInbox, take } from './told.ts';

/** Proxies end a connection that says nothing, most of them after a minute. */
const BEAT_MS = 15_000;

/** Starts it. `database` is for a connection of its own; `heard` resolves when notifications arrive for the first time. */
export function startEvents(
  { db, clock, log }: Pick<Deps, 'db' | 'clock' | 'log'>,
  streams: Streams,
  database: string | ClientConfig,
): { readonly heard: Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let inbox = emptyInbox();
  /** Up to which revision routes were told; undefined until the first look. */
  let checked: number | undefined;
  let silentSince: string | undefined;
  let beaten = clock.now();
  const heard = Promise.withResolvers<void>();

  const passOn = async (): Promise<void> => {
    const taken = inbox;
    inbox = emptyInbox();
    try {
      for (const id of taken.ended) streams.endCredential(id);
      const { head, floor } = await revisionBounds(db);
      const from = checked ?? head;
      const users = streams.users();
      if (users.length > 0) {
        const isKnown = from >= floor && from <= head;
        if (!isKnown) taken.everybody.add('all');
        const routes = isKnown ? await routesConcerned(db, users, { from, to: head }) : [];
        const confirmed = taken.confirmed === undefined ? [] : await routesConcerned(db, users, taken.confirmed);
        for (const concerned of [routes, confirmed]) {
          if (concerned === 'everybody') taken.everybody.add('routes');
          else for (const id of concerned) taken.users.add(`${id} routes`);
        }
        spread(streams, taken, await toldConcerned(db, users, taken), head);
      }
      checked = head;
    } catch (error) {
      // What was taken is lost with it: the next look, which succeeds, tells everybody.
      inbox.everybody.add('all');
      throw error;
    }
  };
  const merged = merging(passOn);
  const check = () => merged().catch((error: unknown) => log.warn({ err: error }, 'events: could not tell'));

  const look = async (): Promise<void> => {
    const now = clock.now();
    const ids = streams.credentials();
    if (ids.length > 0) {
      const live = await liveCredentials(db, ids, new Date(now));
      const platform = new Map(live.map(({ id, platformAdministrator }) => [id, platformAdministrator]));
      for (const id of ids) if (!platform.has(id)) streams.endCredential(id);
      streams.each((stream) => stream.setPlatform(platform.get(stream.credentialId) ?? false));
      const silent = await fallenSilent(db, silentSince);
      silentSince = silent.now;
      for (const plant of silent.plants) take(inbox, `plant ${plant} status`);
      if (silent.gateways) take(inbox, 'everybody - status');
    } else silentSince = undefined;
    if (now - beaten < BEAT_MS) return;
    beaten = now;
    streams.each((stream) => stream.beat(now));
  };

  const tick = async (): Promise<void> => {
    while (await pause(signal)) {
      await look().catch((error: unknown) => log.warn({ err: error }, 'events: could not look'));
      await check();
    }
  };

  const listening = {
    channels: ['parkway_event', 'parkway_revision'],
    onListening: async () => {
      // What was told before is not known.
      inbox.everybody.add('all');
      await check();
      heard.resolve();
    },
    onNotification: (channel: string, payload: string) => {
      if (channel === 'parkway_event') take(inbox, payload);
      void check();
    },
  };
  const running = Promise.all([listen(log, connectionConfig(database), listening, signal), tick()]);
  return {
    heard: heard.promise,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

type Taken = ReturnType<typeof emptyInbox>;

function spread(streams: Streams, taken: Taken, concerns: readonly Concern[], head: number): void {
  const byUser = new Map<string, EventJson[]>();
  const add = (userId: string, event: EventJson) => {
    const events = byUser.get(userId);
    if (events === undefined) byUser.set(userId, [event]);
    else events.push(event);
  };
  for (const { userId, topic, id } of concerns) {
    if (topic === 'plants' && id !== null) add(userId, { topic, plantId: id });
    else if (topic === 'organization' && id !== null) add(userId, { topic, organizationId: id });
    else add(userId, { topic });
  }
  for (const entry of taken.users) {
    const [userId = '', name] = entry.split(' ');
    add(userId, { topic: eventSchema.shape.topic.catch('all').parse(name) });
  }
  const all: EventJson[] = [...taken.everybody].map((topic) => ({ topic }));
  if (taken.platform) all.push({ topic: 'platform' });
  if (taken.confirmed !== undefined) all.push({ topic: 'revision', revision: taken.confirmed.to });
  if (all.length > 0) streams.tellAll(all, head);
  for (const [userId, events] of byUser) streams.tellUser(userId, events, head);
}
