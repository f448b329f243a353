import type { Instruction } from '../wire/link.ts';
import { type Change, type Piece, countEntries, emptyChange, isEmpty, merge, takePiece } from './change.ts';
import { BrokenDisk, type Disk } from './disk.ts';
import type { Enforcer } from './enforce.ts';
import { inPieces } from './pieces.ts';
import { NO_GONE, type State, applyChange, emptyState } from './state.ts';

export interface SyncDeps {
  readonly disk: Disk;
  readonly enforcer: Pick<Enforcer, 'converge' | 'change'> & {
    replace(before: State, after: State): Promise<void>;
  };
  /** The kernel was brought to the revision of `inForce()`. */
  readonly onInForce: () => void;
  /** What is on disk is of no use, and why: all rows are asked for. */
  readonly onBroken: (reason: string) => void;
}

type Message = Extract<Instruction, { type: 'snapshot' | 'delta' }>;

/** What the gateway holds, and how it follows control. */
export interface Sync {
  /** The rows that the kernel is brought to; another object after a snapshot. */
  state(): State;
  /** False until there is something that the kernel could be brought to: until then it stays as it is. */
  isKnown(): boolean;
  /** The revision on disk, 0 when none. */
  revision(): number;
  /** The last revision that is on disk and that the kernel was brought to, 0 when none. */
  inForce(): number;
  /** Brings the kernel to what was on disk, if anything was. To be called once, before anything is taken; need not be awaited. */
  begin(): Promise<void>;
  /** The connection is new: parts of an unfinished message are void. */
  restart(): void;
  /**
   * Takes a snapshot or a delta: to disk first, so that a withdrawal that came this far survives a kill, then towards the
   * kernel. One at a time. Resolves when it is on disk, and later while too much waits for the kernel. Rejects when the message
   * does not continue what is held, or could not be written; then when the kernel has it. With `hasMore`, other messages have
   * come behind it: a delta then goes to disk with the next one, since writing once for each is what limits changes per second.
   */
  take(message: Message, hasMore?: boolean): Promise<void>;
  /** Brings no more changes to the kernel; resolves when the one under way is done. A start or a snapshot is not waited for. */
  stop(): Promise<void>;
}

/** About so many routes are compiled at a time, before and after: fifty users of a hundred plants, some 35 ms. */
const PIECE = 5_000;

/** So many entries of deltas wait for the kernel before control has to wait. */
const MOST_WAITING = 200_000;

/** So many parts of deltas go to disk at once. */
const MOST_PARTS = 100;

/** What has come of an unfinished message, or of deltas that go to disk together: `isWhole` between two of them. */
type Incoming =
  | { readonly type: 'snapshot'; readonly to: number; readonly state: State; parts: number }
  | {
      readonly type: 'delta';
      from: number;
      to: number;
      isWhole: boolean;
      readonly change: Change;
      readonly parts: Delta[];
    };
type Snapshot = Extract<Message, { type: 'snapshot' }>;
type Delta = Extract<Message, { type: 'delta' }>;

/** Starts from what is on disk. */
export function openSync({ disk, enforcer, onInForce, onBroken }: SyncDeps): Sync {
  const stored = loadFrom(disk, onBroken);
  let { revision, state } = stored;
  let isKnown = revision > 0;
  let inForce = 0;
  let incoming: Incoming | undefined;
  // The next message is the first of a connection.
  let isFirst = true;

  // What waits for the kernel: a snapshot, and what came after it.
  let snapshot: { readonly state: State; readonly revision: number | undefined } | undefined;
  let waiting = emptyChange();
  let entries = 0;
  // The revision that is in force, and is to be told, once all that waits is done.
  let owed: number | undefined;
  let following = Promise.resolve();
  let isFollowing = false;
  // All of the kernel is being brought to a state; and the revision that is in force when that and what came since is done.
  let bringing: { readonly work: Promise<void>; last: number | undefined } | undefined;
  let isStopped = false;

  async function take(message: Message, hasMore = false): Promise<void> {
    const wasFirst = isFirst;
    isFirst = false;
    if (!continues(message, wasFirst)) throw new Error(`a ${message.type} that does not continue revision ${revision}`);
    const whole = message.type === 'snapshot' ? addToSnapshot(message) : addToDelta(message);
    if (!message.last) return;
    if (whole.type === 'delta' && hasMore && whole.parts.length < MOST_PARTS) return;
    incoming = undefined;
    await (whole.type === 'snapshot' ? replace(whole.to, whole.state) : apply(whole));
  }

  function addToSnapshot({ revision: to, rows }: Snapshot): Incoming {
    // Deltas that wait to be written are in it.
    incoming = incoming?.type === 'snapshot' ? incoming : { type: 'snapshot', to, state: emptyState(), parts: 0 };
    applyChange(incoming.state, rows, NO_GONE);
    incoming.parts += 1;
    return incoming;
  }

  function addToDelta(message: Delta): Incoming {
    const { from, to } = message;
    const own =
      incoming?.type === 'delta'
        ? incoming
        : { type: 'delta' as const, from, to, isWhole: false, change: emptyChange(), parts: [] };
    merge(own.change, message);
    own.parts.push(message);
    [own.from, own.to, own.isWhole] = [from, to, message.last];
    incoming = own;
    return own;
  }

  function continues(message: Message, wasFirst: boolean): boolean {
    if (message.type === 'snapshot') {
      // Back only when control begins with it (its database was restored): else it is one that comes again.
      if (message.part === 0) return isBetween() && (wasFirst || message.revision >= held());
      return incoming?.type === 'snapshot' && message.part === incoming.parts && message.revision === incoming.to;
    }
    if (revision === 0) return false;
    if (isBetween()) return message.from === held();
    return incoming?.type === 'delta' && message.from === incoming.from && message.to === incoming.to;
  }

  /** Whether no message is unfinished. */
  function isBetween(): boolean {
    return incoming === undefined || (incoming.type === 'delta' && incoming.isWhole);
  }

  /** The revision that has come, on disk or waiting to be written. */
  function held(): number {
    return incoming?.type === 'delta' ? incoming.to : revision;
  }

  async function replace(to: number, next: State): Promise<void> {
    await keep(
      to,
      () => disk.replace(to, next),
      async (written) => {
        snapshot = { state: next, revision: written };
        [waiting, entries, owed] = [emptyChange(), 0, undefined];
      },
    );
  }

  async function apply({ to, change, parts }: Extract<Incoming, { type: 'delta' }>): Promise<void> {
    await keep(
      to,
      async () => {
        if (to !== revision || !isEmpty(change)) await disk.apply(to, change);
      },
      async (written) => {
        await inPieces(parts.values().map((part) => merge(waiting, part)));
        entries += parts.reduce((sum, part) => sum + countEntries(part), 0);
        owed = written ?? owed;
      },
    );
  }

  /**
   * A disk that takes nothing keeps no withdrawal from the kernel, but the revision is not held: control is told so by the
   * next hello, and sends it again, which is harmless. When what is there is of no use any more, all is asked for.
   */
  async function keep(
    to: number,
    write: () => Promise<void>,
    hand: (written?: number) => Promise<void>,
  ): Promise<void> {
    let failure: unknown;
    try {
      await write();
      revision = to;
    } catch (error) {
      failure = error;
      if (error instanceof BrokenDisk) {
        revision = 0;
        onBroken(error.message);
      }
    }
    await hand(failure === undefined ? to : undefined);
    if (!isFollowing) following = follow();
    if (failure !== undefined || entries > MOST_WAITING) await following;
    if (failure === undefined) return;
    await bringing?.work;
    throw failure;
  }

  /** Brings the kernel to all that waits, and to what comes to wait meanwhile. */
  async function follow(): Promise<void> {
    isFollowing = true;
    for (let step = next(); step !== undefined; step = next()) await step;
    isFollowing = false;
  }

  /** Begins the next step towards what waits; undefined when nothing does. */
  function next(): Promise<void> | undefined {
    if (isStopped) return undefined;
    if (snapshot !== undefined) {
      const { state: after, revision: written } = snapshot;
      snapshot = undefined;
      exchange(after, written);
    }
    const piece = takePiece(waiting, state, PIECE);
    if (piece === undefined && owed === undefined) return undefined;
    let done: number | undefined;
    if (isEmpty(waiting)) [done, owed, entries] = [owed, undefined, 0];
    return change(piece, done);
  }

  async function change(piece: Piece | undefined, done: number | undefined): Promise<void> {
    if (piece !== undefined) await enforcer.change(state, piece.rows, piece.gone);
    tell(done);
  }

  /** Begins to bring the kernel to another state, which takes its time: what comes meanwhile goes on to that state. */
  function exchange(after: State, done: number | undefined): void {
    const before = state;
    state = after;
    void hold(isKnown ? enforcer.replace(before, after) : enforcer.converge(after), done);
    isKnown = true;
  }

  /** Returns when the work is done; what was done meanwhile is then in force, too. */
  async function hold(work: Promise<void>, last: number | undefined): Promise<void> {
    const own = { work, last };
    bringing = own;
    await work;
    if (bringing !== own) return;
    bringing = undefined;
    tell(own.last);
  }

  function tell(done: number | undefined): void {
    if (done === undefined) return;
    if (bringing !== undefined) {
      bringing.last = done;
      return;
    }
    inForce = done;
    onInForce();
  }

  return {
    state: () => state,
    isKnown: () => isKnown,
    revision: () => revision,
    inForce: () => inForce,
    begin: async () => {
      if (!isKnown) return;
      await hold(enforcer.converge(state), revision);
    },
    restart: () => {
      incoming = undefined;
      isFirst = true;
    },
    take,
    stop: async () => {
      isStopped = true;
      await following;
    },
  };
}

function loadFrom(disk: Disk, onBroken: (reason: string) => void): { revision: number; state: State } {
  try {
    return disk.load();
  } catch (error) {
    if (!(error instanceof BrokenDisk)) throw error;
    onBroken(error.message);
    return { revision: 0, state: emptyState() };
  }
}
