import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Runner } from '../src/kernel/run.ts';

const STREAM = fileURLToPath(new URL('stream.py', import.meta.url));
const STREAM_EVERY_MS = 5;
/** What was sent is answered or lost for good after so many seconds: see `stream.py`. */
const SETTLED_S = 7;
/** The first answer, or one more of a stream that goes on, comes within this. */
const ANSWER_MS = 30_000;

/** Datagrams of a stream. */
export interface Counts {
  readonly asked: number;
  readonly answered: number;
  /** The longest time without an answer since the last counts, ms. */
  readonly pause: number;
}

/** A user's datagrams to a plant, and its answers. */
export interface Stream {
  /** Resolves with the first answer. Throws when none comes. */
  answered(): Promise<void>;
  /** Everything that was sent until now, once it is answered or lost. */
  settled(): Promise<Counts>;
}

/** Starts a stream on a host; it goes on until the host ends. */
export function startStream(runner: Runner, target: string): Stream {
  let lines = 0;
  let last: Counts = { asked: 0, answered: 0, pause: 0 };
  runner.follow(['python3', STREAM, 'ask', target, String(STREAM_EVERY_MS)], (line) => {
    const [asked = 0, answered = 0, pause = 0] = line.split(' ').map(Number);
    [lines, last] = [lines + 1, { asked, answered, pause: Math.max(last.pause, pause) }];
  });
  return {
    answered: () => until(() => last.answered > 0),
    settled: async () => {
      const said = lines;
      await until(() => lines >= said + SETTLED_S);
      const counts = last;
      last = { ...last, pause: 0 };
      return counts;
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + ANSWER_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('the user’s packets are not answered');
    await delay(20);
  }
}

/** Starts what answers at an address of a host; it goes on until the host ends. */
export function answerStreams(runner: Runner, address: string): void {
  runner.follow(['python3', STREAM, 'serve', address], () => undefined);
}
