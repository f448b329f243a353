/**
 * `sync` owns the daemons' connections to this control process: it proves who they are, tells each what it lacks, and
 * notes what they say. Which control process a daemon is connected to does not matter.
 *
 * This file: who is connected here, and the one function that brings all of them up to date. It costs what changed, not
 * how many are connected.
 */
import { plantsChanged } from '../../store/sync.ts';
import { type Daemon, type DaemonKind, identityKeys, noteSeen } from '../../store/telemetry.ts';
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
  /**
   * Once per second: lets go of who was not heard of, or reads nothing, and writes down who was: of the gateways all, of the agents those
   * whose turn it is, every other second.
   */
  tick(): Promise<void>;
  close(): void;
}

/** A connection without a frame for so long is dead; a daemon speaks every second. */
const SILENT_MS = 10_000;

/** A daemon that lets a message wait for so long comes back when it can read. What waits for it is compressed and in memory. */
const STALLED_MS = 60_000;

/**
 * What is written of an agent that lives is at most so old when it is written anew in its turn: two seconds between turns, and one
 * that its word may have been old. That leaves a second of DEAD_AFTER_MS for writing it late.
 */
const OLDEST_MS = 3000;
const TICK_MS = 1000;

/** Makes an empty hub. `limits.stalledMs`: how long a daemon may let a message wait. */
export function createHub(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  limits: { readonly stalledMs: number } = { stalledMs: STALLED_MS },
): Hub {
  /** By gateway and plant number. */
  const sessions = { gateway: new Map<number, Session>(), agent: new Map<number, Session>() };
  /** When a daemon was last heard of, as it is written down. */
  const written = new WeakMap<Session, number>();
  let checked = 0;
  let ticks = 0;

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

  /** Whose life is to be written down: who was heard of since, and is a gateway, in turn, or would be too old at the next tick. */
  const isDue = (session: Session, now: number): boolean => {
    const { kind, number } = session.daemon;
    const before = written.get(session) ?? -Infinity;
    const isInTurn = kind === 'gateway' || number % 2 === ticks % 2;
    return session.heardAt() > before && (isInTurn || now - before > OLDEST_MS - TICK_MS);
  };

  const note = async (kind: DaemonKind, now: number): Promise<void> => {
    const due = [...sessions[kind].values()].filter((session) => isDue(session, now));
    const heard = due.map((session) => ({ session, at: session.heardAt() }));
    await noteSeen(
      db,
      kind,
      heard.map(({ session, at }) => ({ number: session.daemon.number, ageMs: Math.max(0, now - at) })),
    );
    for (const { session, at } of heard) written.set(session, at);
  };

  return {
    check,
    add: (session) => {
      // Its hello is written down.
      written.set(session, clock.now());
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
        const waitsMs = now - (session.sendingSince() ?? now);
        if (now - session.heardAt() > SILENT_MS || waitsMs > limits.stalledMs) session.terminate();
      }
      ticks += 1;
      await note('gateway', now);
      await note('agent', now);
    },
    close: () => {
      for (const session of everybody()) session.terminate();
      sessions.gateway.clear();
      sessions.agent.clear();
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
