import { setTimeout as sleep } from 'node:timers/promises';
import { type ListenState, anythingForeign, listenTo, readLine } from './listen.ts';
import type { Follower, Runner } from './run.ts';

/** One table of family `ip` that this process owns. */
export interface NftTable {
  /** Applies commands as one transaction: all of it or nothing. Throws `KernelError`. */
  apply(commands: string): Promise<void>;
  /**
   * The text of sets and maps, given as `set <name>` or `map <name>`, by one process. One that is not there is left out.
   * It waits for no change, so a change may come between two sets.
   */
  list(sets: readonly string[]): Promise<string>;
  /**
   * Calls back when anybody else changed the table, or may have. Nothing is listed for that: each of our transactions
   * carries a number in the set `generation`, and the kernel tells of each transaction what it changed.
   */
  watch(onForeign: (what: Foreign) => void): Watch;
}

/** What somebody else changed in a table, or may have. */
export interface Foreign {
  /** For people: what happened. */
  readonly detail: string;
  /** Whether rules, chains, the table or sets themselves were added or removed, or messages were lost. */
  readonly isFrame: boolean;
  /** The sets whose elements were changed; 'all' when messages were lost, or sets or the table were removed. */
  readonly sets: 'all' | readonly string[];
}

/** A watch that goes on until it is stopped. */
export interface Watch {
  /** Settles when changes are seen from now on. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** Large rule sets take their time; a hung `nft` must not hang the daemon for ever. */
const TIMEOUT_MS = 120_000;

/**
 * How many numbers are left in the set `generation` before it is flushed. After a transaction that removes anything, the end
 * of `nft` waits for what the kernel still has to free: 5 to 15 ms, for a number that nobody reads any more.
 */
const STAMPS = 256;

/**
 * Given a file of several, `nft` (1.0.6) finds only the last set that is named; here each line is a command. It would keep a
 * history in HOME.
 */
const LIST = ['env', 'HOME=/dev/null', 'nft', '-i'];

/** How long after its end the listener is started again. What it missed shows in the count of generations. */
const RESTART_MS = 200;

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
    const number = count + 1;
    const isFlush = count === start || number % STAMPS === 0;
    const generation = `ip ${table} generation`;
    const stamp = `add set ${generation} { type mark; }\n${isFlush ? `flush set ${generation}\n` : ''}add element ${generation} { ${number} }\n`;
    await runner.run(['nft', '-f', '-'], {
      input: `add table ip ${table}\n${stamp}${commands}`,
      timeoutMs: TIMEOUT_MS,
    });
    count = number;
  }

  async function list(sets: readonly string[]): Promise<string> {
    if (sets.length === 0) return '';
    const input = sets.map((set) => `list ${set.replace(' ', ` ip ${table} `)}\n`).join('');
    return runner.run(LIST, { input, timeoutMs: TIMEOUT_MS });
  }

  function watch(onForeign: (what: Foreign) => void): Watch {
    const stopping = new AbortController();
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    let state: ListenState = { offset: undefined, last: start + 1 };
    let follower: Follower | undefined;

    const tell = (what: Foreign) => {
      if (!stopping.signal.aborted) onForeign(what);
    };
    const onLine = (line: string) => {
      const heard = readLine(state, line, count + 1);
      ({ state } = heard);
      if (heard.what === 'ours') resolve();
      if (heard.foreign !== undefined) tell(heard.foreign);
      // A change of our own shows by its number whether one of somebody else's was missed.
      if (heard.what === 'lost' && !stopping.signal.aborted)
        apply('').catch((error: unknown) => tell(anythingForeign(String(error))));
    };
    const run = async () => {
      while (!stopping.signal.aborted) {
        follower = runner.follow(listenTo(table), onLine);
        await follower.ended;
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

  return { apply, list, watch };
}
