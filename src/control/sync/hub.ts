/**
 * `sync` owns the daemons' connections to this control process: it proves who they are, tells each what it lacks, and
 * notes what they say. Which control process a daemon is connected to does not matter.
 *
 * This file: who is connected here, and the one function that brings all of them up to date.
 */
import { plantsChanged } from '../../store/sync.ts';
import { type DaemonKind, type Daemon, identityKeys, noteSeen } from '../../store/telemetry.ts';
import type { ProblemCode } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import { merging } from './merging.ts';

/** A daemon that proved who it is. */
export interface Session {
  readonly daemon: Daemon;
  /** When it was last heard of, in milliseconds of the clock. */
  readonly heardAt: () => number;
  /** The revision up to which it was told everything; a session with less than the latest is pushed to. */
  readonly told: () => number;
  /** Sends what the daemon lacks. Never rejects; what could not be sent is tried again at the next check. */
  readonly push: () => Promise<void>;
  /** Agents only: whether something of its plant changed that it was not told yet. */
  readonly outdate: () => void;
  readonly isOutdated: () => boolean;
  /** Says why, and closes. */
  readonly refuse: (code: ProblemCode, detail: string) => void;
  readonly terminate: () => void;
}

export interface Hub {
  /** Takes a session; a former one of the same daemon is closed. */
  add(session: Session): void;
  remove(session: Session): void;
  /** Brings every daemon up to date. Serves the wake-up of a change and the periodic check alike. */
  check(): Promise<void>;
  /** Once per second: writes down who was heard of, and lets go of who was not. */
  tick(): Promise<void>;
  close(): void;
}

/** A connection without a frame for so long is dead; a daemon speaks every second. */
const SILENT_MS = 10_000;

/** Makes an empty hub. */
export function createHub({ db, clock }: Pick<Deps, 'db' | 'clock'>): Hub {
  const sessions = new Map<string, Session>();
  let checked = 0;
  let ticked = clock.now();

  const all = (kind: DaemonKind) => [...sessions.values()].filter(({ daemon }) => daemon.kind === kind);

  const check = merging(async () => {
    const { head, plants } = await plantsChanged(db, checked);
    // A gateway that changed is another neighbour for everybody, or one that may no longer be here.
    if (plants === 'all') await dismissFormer(db, all('gateway'));
    const concerned = plants === 'all' ? undefined : new Set(plants);
    for (const session of all('agent')) {
      // Not "below": one that came with more than a restored database has may know what was never so.
      if (session.told() !== head && (concerned?.has(session.daemon.number) ?? true)) session.outdate();
    }
    checked = head;
    const lacking = [
      ...all('gateway').filter((session) => session.told() !== head),
      ...all('agent').filter((session) => session.isOutdated()),
    ];
    // Not awaited: who is slow to take it must not hold up the next check for the others.
    for (const session of lacking) void session.push();
  });

  return {
    check,
    add: (session) => {
      const former = sessions.get(session.daemon.id);
      sessions.set(session.daemon.id, session);
      former?.terminate();
    },
    remove: (session) => {
      if (sessions.get(session.daemon.id) === session) sessions.delete(session.daemon.id);
    },
    tick: async () => {
      const now = clock.now();
      for (const session of sessions.values()) if (now - session.heardAt() > SILENT_MS) session.terminate();
      const heard = (kind: DaemonKind) =>
        all(kind)
          .filter((session) => session.heardAt() >= ticked)
          .map((session) => ({ number: session.daemon.number, ageMs: Math.max(0, now - session.heardAt()) }));
      await noteSeen(db, 'gateway', heard('gateway'));
      await noteSeen(db, 'agent', heard('agent'));
      ticked = now;
    },
    close: () => {
      for (const session of sessions.values()) session.terminate();
      sessions.clear();
    },
  };
}

/** Closes the connections of gateways whose keys are no longer the current ones. */
async function dismissFormer(db: Deps['db'], sessions: readonly Session[]): Promise<void> {
  const keys = await identityKeys(
    db,
    sessions.map(({ daemon }) => daemon.id),
  );
  for (const { daemon, refuse } of sessions) {
    if (keys.get(daemon.id) !== daemon.identityKey) {
      refuse('daemon-unknown', 'This gateway was removed or enrolled anew. Enrol it again to use it.');
    }
  }
}
