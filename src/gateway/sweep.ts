import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Things that are compared with the kernel one after another, again and again. */
export interface Sweep<Unit> {
  readonly name: string;
  /** As they are at the time of asking; none is fine. */
  readonly units: () => readonly Unit[];
  /** Compares one and repairs it. Returns how many entries it has. */
  readonly compare: (unit: Unit) => Promise<number>;
  /** How often a small unit is compared at most, milliseconds from one to the next. */
  readonly pauseMs: number;
  /** The part of one core that comparing large units may take. */
  readonly share: number;
}

/** Fewer entries cost no more than the start of the process that lists them, which a busy machine only makes look dear. */
const SMALL = 1000;

/** The pause after a unit of so many entries that took so long, in milliseconds. */
export function pauseAfter(sweep: Pick<Sweep<never>, 'pauseMs' | 'share'>, entries: number, tookMs: number): number {
  return entries < SMALL ? sweep.pauseMs : Math.max(sweep.pauseMs, tookMs / sweep.share - tookMs);
}

/**
 * Begins to sweep. One unit at a time; what it took, and a full round, is logged at level debug: bench/gateway reads it.
 * `stop` waits for the one under way.
 */
export function startSweep<Unit>(sweep: Sweep<Unit>, log: Pick<Logger, 'debug'>): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function round(): Promise<void> {
    const begun = performance.now();
    let [entries, busyMs] = [0, 0];
    const units = sweep.units();
    for (const unit of units) {
      if (stopping.signal.aborted) return;
      const from = performance.now();
      // A failure shows in what the unit is for, and the next round tries again.
      const count = await sweep.compare(unit).catch(() => 0);
      const tookMs = performance.now() - from;
      const pauseMs = pauseAfter(sweep, count, tookMs);
      [entries, busyMs] = [entries + count, busyMs + tookMs];
      log.debug({ sweep: sweep.name, unit, entries: count, busyMs: tookMs, pauseMs }, 'compared');
      await pause(pauseMs);
    }
    if (units.length === 0) await pause(sweep.pauseMs);
    const roundMs = performance.now() - begun;
    log.debug({ sweep: sweep.name, units: units.length, entries, busyMs, roundMs }, 'sweep round');
  }

  const run = async () => {
    while (!stopping.signal.aborted) await round();
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
