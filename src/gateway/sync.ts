import type { Instruction } from '../wire/link.ts';
import type { Gone, Rows } from '../wire/state.ts';
import type { Disk } from './disk.ts';
import type { Enforcer } from './enforce.ts';
import { type State, NO_GONE, NO_ROWS, applyChange, emptyState } from './state.ts';

export interface SyncDeps {
  readonly disk: Disk;
  readonly enforcer: Pick<Enforcer, 'converge' | 'change'>;
}

/** What the gateway holds, and how it follows control. */
export interface Sync {
  /** The rows; another object after a snapshot. */
  state(): State;
  /** The revision on disk, 0 when none. */
  revision(): number;
  /** The connection is new: parts of an unfinished message are void. */
  restart(): void;
  /**
   * Takes a snapshot or a delta: to disk first, so that a withdrawal that came this far survives a kill, then to the
   * kernel. Returns whether a revision is complete. Throws when the message does not continue what is held.
   */
  take(message: Extract<Instruction, { type: 'snapshot' | 'delta' }>): Promise<boolean>;
}

/** Starts from what is on disk. */
export function openSync({ disk, enforcer }: SyncDeps): Sync {
  const stored = disk.load();
  let { revision } = stored;
  let state = stateOf(stored.rows);
  let parts: { rows: Rows; gone: Gone }[] = [];

  async function take(message: Extract<Instruction, { type: 'snapshot' | 'delta' }>): Promise<boolean> {
    const isContinued = message.type === 'delta' ? message.from === revision : message.part === parts.length;
    if (!isContinued) throw new Error(`a ${message.type} that does not continue revision ${revision}`);
    parts.push({ rows: message.rows, gone: message.type === 'delta' ? message.gone : NO_GONE });
    if (!message.last) return false;
    const rows = merged(
      parts.map((part) => part.rows),
      NO_ROWS,
    );
    const gone = merged(
      parts.map((part) => part.gone),
      NO_GONE,
    );
    parts = [];
    await (message.type === 'snapshot' ? replace(message.revision, rows) : apply(message.to, rows, gone));
    return true;
  }

  async function replace(to: number, rows: Rows): Promise<void> {
    state = stateOf(rows);
    await keep(
      to,
      () => disk.replace(to, rows),
      () => enforcer.converge(state),
    );
  }

  async function apply(to: number, rows: Rows, gone: Gone): Promise<void> {
    await keep(
      to,
      () => disk.apply(to, rows, gone),
      () => enforcer.change(state, rows, gone),
    );
  }

  /**
   * A disk that takes nothing keeps no withdrawal from the kernel, but the revision is not held: control is told so by the
   * next hello, and sends it again, which is harmless.
   */
  async function keep(to: number, write: () => void, enforce: () => Promise<void>): Promise<void> {
    let failure: unknown;
    try {
      write();
      revision = to;
    } catch (error) {
      failure = error;
    }
    await enforce();
    if (failure !== undefined) throw failure;
  }

  return { state: () => state, revision: () => revision, restart: () => void (parts = []), take };
}

function stateOf(rows: Rows): State {
  const state = emptyState();
  applyChange(state, rows, NO_GONE);
  return state;
}

/** Joins the lists of all parts, kind by kind. */
function merged<T extends Rows | Gone>(parts: readonly T[], none: T): T {
  return parts.reduce(
    (a, b) => ({
      ...a,
      slots: [...a.slots, ...b.slots],
      gateways: [...a.gateways, ...b.gateways],
      agents: [...a.agents, ...b.agents],
      subnets: [...a.subnets, ...b.subnets],
      users: [...a.users, ...b.users],
      reach: [...a.reach, ...b.reach],
      settings: [...a.settings, ...b.settings],
    }),
    none,
  );
}
