import { setTimeout as sleep } from 'node:timers/promises';
import { type ElementChange, type ElementWriter, type Stamp, requestLine } from './elements.ts';
import { type ListenState, anythingForeign, listenTo, readLine } from './listen.ts';
import type { Follower, Runner } from './run.ts';

/** One table of family `ip` that this process owns. */
export interface NftTable {
  /** Applies commands as one transaction: all of it or nothing. Throws `KernelError`. */
  apply(commands: string): Promise<void>;
  /**
   * Removes and adds a few elements of sets that are there as one transaction, by the writer. False when it is not done, or nobody
   * knows: then `apply` says why, or does it. When it was done after all, that finds elements to be deleted gone, or carries
   * a number that is there already, so that the watch takes it for somebody else's.
   */
  change(change: ElementChange): Promise<boolean>;
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

/** From so many elements on the start of `nft` does not count any more, and its errors are worth more. */
const MANY = 2000;

/**
 * Given a file of several, `nft` (1.0.6) finds only the last set that is named; here each line is a command. It would keep a
 * history in HOME.
 */
const LIST = ['env', 'HOME=/dev/null', 'nft', '-i'];

/** How long after its end the listener is started again. What it missed shows in the count of generations. */
const RESTART_MS = 200;

/**
 * Opens a table for this process. `start` is the number of its first transaction; take a random one below 2^31, so
 * that it differs from those of an earlier process. Without a writer `change` does nothing.
 */
export function nftTable(runner: Runner, table: string, start: number, writer?: ElementWriter): NftTable {
  let count = start;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, and only what the kernel took is counted: by the count a change of somebody else's is told. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  function apply(commands: string): Promise<void> {
    return inTurn(() => transact(commands));
  }

  function nextStamp(): Stamp {
    const number = count + 1;
    return { table, number, isFlush: count === start || number % STAMPS === 0 };
  }

  async function transact(commands: string): Promise<void> {
    const { number, isFlush } = nextStamp();
    const generation = `ip ${table} generation`;
    const stamp = `add set ${generation} { type mark; }\n${isFlush ? `flush set ${generation}\n` : ''}add element ${generation} { ${number} }\n`;
    await runner.run(['nft', '-f', '-'], {
      input: `add table ip ${table}\n${stamp}${commands}`,
      timeoutMs: TIMEOUT_MS,
    });
    count = number;
  }

  async function change(wanted: ElementChange): Promise<boolean> {
    if (writer === undefined || wanted.remove.size + wanted.add.size > MANY) return false;
    return inTurn(async () => {
      const stamp = nextStamp();
      const isDone = await writer.write(requestLine(stamp, wanted));
      if (isDone) count = stamp.number;
      return isDone;
    });
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

  return { apply, change, list, watch };
}
