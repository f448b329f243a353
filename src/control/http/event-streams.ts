import type { EventJson } from '../../wire/rest/events.ts';
import { Problem } from '../../wire/problem.ts';
import type { Stream } from './event-stream.ts';

/** Tabs and devices of one person on one control process; a browser that lost count is told so. */
const MOST_PER_USER = 20;

/** Who listens on this control process. */
export interface Streams {
  /** Takes a stream. Throws `too-many-streams`. */
  readonly add: (stream: Stream) => void;
  readonly remove: (stream: Stream) => void;
  /** Refuses with `too-many-streams` when a user may open no further one. */
  readonly demandRoom: (userId: string) => void;
  readonly users: () => readonly string[];
  readonly credentials: () => readonly string[];
  readonly each: (visit: (stream: Stream) => void) => void;
  readonly tellUser: (userId: string, events: readonly EventJson[], revision: number) => void;
  readonly tellAll: (events: readonly EventJson[], revision: number) => void;
  /** Ends the streams of a session or API token that is over. */
  readonly endCredential: (id: string) => void;
  /** Ends all, and takes no further ones: this process stops. */
  readonly close: () => void;
}

/** No streams yet. */
export function createStreams(): Streams {
  const byUser = new Map<string, Set<Stream>>();
  let isClosed = false;
  const all = (): Stream[] => [...byUser.values()].flatMap((streams) => [...streams]);
  const remove = (stream: Stream): void => {
    const streams = byUser.get(stream.userId);
    streams?.delete(stream);
    if (streams?.size === 0) byUser.delete(stream.userId);
  };
  const demandRoom = (userId: string): void => {
    if (isClosed) throw new Problem('unavailable', 'This server is stopping. Connect again.', 1);
    if ((byUser.get(userId)?.size ?? 0) < MOST_PER_USER) return;
    throw new Problem('too-many-streams', `You have ${MOST_PER_USER} streams open. Close one of them first.`, 5);
  };
  return {
    add: (stream) => {
      demandRoom(stream.userId);
      const streams = byUser.get(stream.userId) ?? new Set();
      byUser.set(stream.userId, streams.add(stream));
    },
    remove,
    demandRoom,
    users: () => [...byUser.keys()],
    credentials: () => [...new Set(all().map(({ credentialId }) => credentialId))],
    each: (visit) => all().forEach(visit),
    tellUser: (userId, events, revision) => {
      for (const stream of byUser.get(userId) ?? []) stream.tell(events, revision);
    },
    tellAll: (events, revision) => {
      for (const stream of all()) stream.tell(events, revision);
    },
    endCredential: (id) => {
      for (const stream of all()) {
        if (stream.credentialId !== id) continue;
        remove(stream);
        stream.end({ topic: 'session-ended' });
      }
    },
    close: () => {
      isClosed = true;
      for (const stream of all()) stream.end();
      byUser.clear();
    },
  };
}
