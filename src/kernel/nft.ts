import { setTimeout as sleep } from 'node:timers/promises';
import type { Follower, Runner } from './run.ts';

/** One table of family `ip` that this process owns. */
export interface NftTable {
  /** Applies commands as one transaction: all of it or nothing. Throws `KernelError`. */
  apply(commands: string): Promise<void>;
  /**
   * Calls back when anybody else changed the table, or may have. Nothing is listed for that: each of our transactions
   * carries a number in the set `generation`, and `nft monitor` shows a change that has none.
   */
  watch(onForeign: (what: string) => void): Watch;
}

/** A watch that goes on until it is stopped. */
export interface Watch {
  /** Settles when changes are seen from now on: with a million elements in the kernel that takes seconds. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** What the reading of `nft monitor` holds. */
export interface MonitorState {
  /** Kernel generation minus our own count at our last change that was seen. */
  readonly offset: number | undefined;
  /** Whether messages were lost since then. */
  readonly lost: boolean;
  /** Our number of the transaction that is being printed. */
  readonly ours: number | undefined;
  /** Whether the transaction that is being printed was told to be foreign. */
  readonly foreign: boolean;
}

/** The state before anything was read. */
export const MONITOR_START: MonitorState = { offset: undefined, lost: false, ours: undefined, foreign: false };

/** Large rule sets take their time; a hung `nft` must not hang the daemon for ever. */
const TIMEOUT_MS = 120_000;

/**
 * How long after the end of `nft monitor` it is started again. It does end: nft 1.0.6 crashes when it is to print that a
 * rule with `dnat ip prefix` goes. What is missed meanwhile shows in the count of generations.
 */
const RESTART_MS = 200;

/**
 * How long after its start it is first tried out; the next time after twice that, and so on, since each change makes it
 * read the rules anew before it begins.
 */
const PROBE_MS = 100;

/**
 * Opens a table for this process. `start` is the number of its first transaction; take a random one below 2^31, so
 * that it differs from those of an earlier process.
 */
export function nftTable(runner: Runner, table: string, start: number): NftTable {
  let count = start;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, and only what the kernel took is counted: by the count a change of somebody else's is told. */
  function apply(commands: string): Promise<void> {
    const result = turn.then(() => transact(commands));
    turn = result.catch(() => undefined);
    return result;
  }

  async function transact(commands: string): Promise<void> {
    // The number comes first, so that the first line of somebody else's transaction gives it away.
    const stamp = `add set ip ${table} generation { type mark; }\nflush set ip ${table} generation\nadd element ip ${table} generation { ${count + 1} }\n`;
    await runner.run(['nft', '-f', '-'], {
      input: `add table ip ${table}\n${stamp}${commands}`,
      timeoutMs: TIMEOUT_MS,
    });
    count += 1;
  }

  function watch(onForeign: (what: string) => void): Watch {
    const stopping = new AbortController();
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    let state = MONITOR_START;
    let follower: Follower | undefined;
    const heard = { isHeard: false };

    // A change of our own shows by its number whether one of somebody else's was missed.
    const probe = () => {
      if (!stopping.signal.aborted) apply('').catch((error: unknown) => onForeign(String(error)));
    };
    const onLine = (line: string) => {
      const read = readMonitor(state, line, table, start);
      if (read.state.lost && !state.lost) probe();
      ({ state } = read);
      if (state.ours !== undefined) {
        heard.isHeard = true;
        resolve();
      }
      if (read.foreign !== undefined && !stopping.signal.aborted) onForeign(read.foreign);
    };
    const run = async () => {
      while (!stopping.signal.aborted) {
        heard.isHeard = false;
        follower = runner.follow(['nft', 'monitor'], onLine);
        const ended = follower.ended.then(() => (heard.isHeard = true));
        for (let pause = PROBE_MS; !heard.isHeard && !stopping.signal.aborted; pause *= 2) {
          await Promise.race([ended, sleep(pause)]);
          if (!heard.isHeard) probe();
        }
        await ended;
        state = monitorEnded(state);
        await sleep(RESTART_MS);
      }
    };
    void run();
    return {
      ready,
      stop: () => {
        stopping.abort();
        follower?.stop();
      },
    };
  }

  return { apply, watch };
}

/**
 * Reads one line of `nft monitor`. Returns the next state, and `foreign` when the table was changed by a transaction
 * without a number of ours (`start` is the lowest), or when messages were lost and the count of generations shows that
 * somebody else made some of them. Cheap: a large load of our own is tens of thousands of lines.
 */
export function readMonitor(
  state: MonitorState,
  line: string,
  table: string,
  start: number,
): { state: MonitorState; foreign?: string } {
  if (line.startsWith('# new generation ')) return endOfTransaction(state, Number.parseInt(line.slice(17), 10));
  if (line.startsWith('#')) return { state: { ...state, lost: true } };
  if (state.ours !== undefined || state.foreign) return { state };
  const [, , family, name, object, , element = ''] = line.split(' ', 7);
  if (family !== 'ip' || name !== table) return { state };
  if (object === 'generation') {
    const number = line.startsWith('add element ') ? Number(element) : Number.NaN;
    return number >= start ? { state: { ...state, ours: number } } : { state };
  }
  // The table itself may be added by ourselves before the number is.
  if (line.startsWith('add table ')) return { state };
  return { state: { ...state, foreign: true }, foreign: line };
}

/** The state when `nft monitor` has ended. A foreign transaction that it was printing has been told, and counts. */
export function monitorEnded({ offset, foreign }: MonitorState): MonitorState {
  const counted = offset !== undefined && foreign ? offset + 1 : offset;
  return { offset: counted, lost: true, ours: undefined, foreign: false };
}

function endOfTransaction(state: MonitorState, generation: number): { state: MonitorState; foreign?: string } {
  const { ours, lost, offset } = state;
  if (ours !== undefined) {
    const next = { offset: generation - ours, lost: false, ours: undefined, foreign: false };
    const missed = lost && generation - ours !== offset;
    return missed ? { state: next, foreign: 'changes were made that nft monitor did not show' } : { state: next };
  }
  // Somebody else's change, here or in a table that is nobody's concern, moves the count of generations.
  return { state: { offset: offset === undefined ? undefined : offset + 1, lost, ours: undefined, foreign: false } };
}
