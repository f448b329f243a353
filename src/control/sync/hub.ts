/**
 * `sync` owns the daemons' connections to this control process: it proves who they are, tells each what it lacks, and
 * notes what they say. Which control process a daemon is connected to does not matter.
 *
 * This file: who is connected here, and the one function that brings all of them up to date. It costs what changed, not
 * how many are connected.
 */
import { plantsChanged } from '../../store/sync.ts';
import { type Daemon, identityKeys, noteSeen } from '../../store/telemetry.ts';
import type { ProblemCode } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import { merging } from './merging.ts';

/** A daemon that proved who it is. */
export interface Session {
  readonly daemon: Daemon;
  /** When it was last heard of, in milliseconds of the clock. */
  readonly heardAt: () => number;
  /** Since when a message waits for it to read, in milliseconds of the clock; undefined when none does. */
  readonly sendingSince: () => number | undefined;
  /** The revision up to which it was told everything. */
  readonly told: () => number;
  /** Sends what the daemon lacks now. Never rejects; what could not be sent ends the connection. */
  readonly push: () => Promise<void>;
  /** Says why, and closes. */
  readonly refuse: (code: ProblemCode, detail: string) => void;
  readonly terminate: () => void;
}

export interface Hub {
  /** Takes a session; a former one of the same gateway or plant is closed. The caller pushes to it then. */
  add(session: Session): void;
  remove(session: Session): void;
  /** Brings every daemon up to date. Serves the wake-up of a change and the periodic check alike. */
  check(): Promise<void>;
  /** Once per second: writes down who was heard of, and lets go of who was not, or reads nothing. */
  tick(): Promise<void>;
  close(): void;
}

/** A connection without a frame for so long is dead; a daemon speaks every second. */
const SILENT_MS = 10_000;

/** A daemon that lets a message wait for so long comes back when it can read. What waits for it is compressed and in memory. */
const STALLED_MS = 60_000;

/** Makes an empty hub. */
export function createHub({ db, clock }: Pick<Deps, 'db' | 'clock'>): Hub {
  /** By gateway and plant number. */
  const sessions = { gateway: new Map<number, Session>(), agent: new Map<number, Session>() };
  let checked = 0;
  let ticked = clock.now();

  const everybody = () => [...sessions.gateway.values(), ...sessions.agent.values()];

  const check = merging(async () => {
    const { head, plants } = await plantsChanged(db, checked);
    // A gateway that changed is another neighbour for everybody, or one that may no longer be here.
    if (plants === 'all') await dismissFormer(db, [...sessions.gateway.values()]);
    checked = head;
    const concerned = plants === 'all' ? [...sessions.agent.keys()] : plants;
    // None is awaited: who is slow to take it must not hold up the next check for the others. The gateways come first.
    for (const session of sessions.gateway.values()) if (session.told() !== head) void session.push();
    for (const plant of concerned) {
      const session = sessions.agent.get(plant);
      // Not "below": one that came with more than a restored database has may know what was never so.
      if (session !== undefined && session.told() !== head) void session.push();
    }
  });

  return {
    check,
    add: (session) => {
      const { kind, number } = session.daemon;
      const former = sessions[kind].get(number);
      sessions[kind].set(number, session);
      former?.terminate();
    },
    remove: (session) => {
      const { kind, number } = session.daemon;
      if (sessions[kind].get(number) === session) sessions[kind].delete(number);
    },
    tick: async () => {
      const now = clock.now();
      for (const session of everybody()) {
        const stalledMs = now - (session.sendingSince() ?? now);
        if (now - session.heardAt() > SILENT_MS || stalledMs > STALLED_MS) session.terminate();
      }
      for (const kind of ['gateway', 'agent'] as const) await noteSeen(db, kind, heard(sessions[kind], ticked, now));
      ticked = now;
    },
    close: () => {
      for (const session of everybody()) session.terminate();
      sessions.gateway.clear();
      sessions.agent.clear();
    },
  };
}

/** Who was heard of since `from`, and how long before `now`. */
function heard(sessions: ReadonlyMap<number, Session>, from: number, now: number): { number: number; ageMs: number }[] {
  return [...sessions].flatMap(([number, session]) =>
    session.heardAt() >= from ? [{ number, ageMs: Math.max(0, now - session.heardAt()) }] : [],
  );
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
