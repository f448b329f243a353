import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work lets others have a turn after so many milliseconds: probes, the link's pings, a withdrawal. */
const TURN_MS = 10;

/**
 * Does long work step by step and lets the event loop go on in between; work that is short is done when this returns.
 * Rejects with what a step throws, and does no further one.
 */
export async function inPieces(steps: Iterator<unknown>): Promise<void> {
  let begun = performance.now();
  while (steps.next().done !== true) {
    if (performance.now() - begun < TURN_MS) continue;
    await nextTurn();
    begun = performance.now();
  }
}
