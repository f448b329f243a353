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
  watch(onForeign: (what: string) => void): { stop(): void };
}

/** What the reading of `nft monitor` holds. */
export interface MonitorState {
  /** Kernel generation minus our own count at our last change that was seen. */
  readonly offset: number | undefined;
  /** Whether messages were lost since then. */
  readonly lost: boolean;
  /** Lines of the transaction being printed. */
  readonly first: string | undefined;
  readonly ours: number | undefined;
}

/** The state before anything was read. */
export const MONITOR_START: MonitorState = { offset: undefined, lost: false, first: undefined, ours: undefined };

/** Large rule sets take their time; a hung `nft` must not hang the daemon for ever. */
const TIMEOUT_MS = 120_000;

/** How long after the end of `nft monitor` it is started again. */
const RESTART_MS = 200;

/**
 * Opens a table for this process. `start` is the number of its first transaction; take a random one below 2^31, so
 * that it differs from those of an earlier process.
 */
export function nftTable(runner: Runner, table: string, start: number): NftTable {
  let count = start;

  async function apply(commands: string): Promise<void> {
    count += 1;
    const stamp = `add set ip ${table} generation { type mark; }\nflush set ip ${table} generation\nadd element ip ${table} generation { ${count} }\n`;
    await runner.run(['nft', '-f', '-'], {
      input: `add table ip ${table}\n${commands}${stamp}`,
      timeoutMs: TIMEOUT_MS,
    });
  }

  function watch(onForeign: (what: string) => void): { stop(): void } {
    let state = MONITOR_START;
    const stopping = new AbortController();
    let follower: Follower | undefined;
    // A change of our own shows by its number whether one of somebody else's was missed.
    const probe = () => {
      if (!stopping.signal.aborted) apply('').catch((error: unknown) => onForeign(String(error)));
    };
    const onLine = (line: string) => {
      const read = readMonitor(state, line, table, start);
      if (read.state.lost && !state.lost) probe();
      ({ state } = read);
      if (read.foreign !== undefined && !stopping.signal.aborted) onForeign(read.foreign);
    };
    const run = async () => {
      while (!stopping.signal.aborted) {
        follower = runner.follow(['nft', 'monitor'], onLine);
        await follower.ended;
        state = { ...state, lost: true, first: undefined, ours: undefined };
        await sleep(RESTART_MS);
        setTimeout(probe, RESTART_MS);
      }
    };
    void run();
    return {
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
 * somebody else made some of them.
 */
export function readMonitor(
  state: MonitorState,
  line: string,
  table: string,
  start: number,
): { state: MonitorState; foreign?: string } {
  const generation = /^# new generation (\d+)/.exec(line)?.[1];
  if (generation !== undefined) return endOfTransaction(state, Number(generation), start);
  if (line.startsWith('# ERROR')) return { state: { ...state, lost: true } };
  const touches = new RegExp(`^\\S+ \\S+ ip ${table}( |$)`).test(line);
  if (!touches) return { state };
  const stamp = new RegExp(`^add element ip ${table} generation \\{ (\\w+) \\}`).exec(line)?.[1];
  return { state: { ...state, first: state.first ?? line, ours: stamp === undefined ? state.ours : Number(stamp) } };
}

function endOfTransaction(
  state: MonitorState,
  generation: number,
  start: number,
): { state: MonitorState; foreign?: string } {
  const { first, ours, lost, offset } = state;
  if (ours !== undefined && ours >= start) {
    const next = { offset: generation - ours, lost: false, first: undefined, ours: undefined };
    const missed = lost && generation - ours !== offset;
    return missed ? { state: next, foreign: 'changes were made that nft monitor did not show' } : { state: next };
  }
  // A change elsewhere than in our table moves the count of generations and is nobody's concern.
  const next = { offset: offset === undefined ? undefined : offset + 1, lost, first: undefined, ours: undefined };
  return first === undefined ? { state: next } : { state: next, foreign: first };
}
