import { lstatSync } from 'node:fs';
import { z } from 'zod';
import type { Change } from './change.ts';
import { currentGeneration, makeCurrent, nextGeneration, removeOthers } from './disk-files.ts';
import { type RowsFile, openRowsFile, writeRowsFile } from './disk-rows.ts';
import { type State, emptyState } from './state.ts';

/**
 * A gateway's durable state: the rows it was last told, and their revision. Slot keys stay sealed in it. `replace` and
 * `apply` run one at a time, and let the event loop go on when they take long.
 */
export interface Disk {
  /**
   * What was stored last; revision 0 and no rows when nothing ever was. Throws BrokenDisk when there is something that cannot
   * be read, or that another version wrote.
   */
  load(): { readonly revision: number; readonly state: State };
  /** Replaces everything at one stroke: a death before its end leaves what was there. Durable when it resolves. */
  replace(revision: number, state: State): Promise<void>;
  /** Applies a change in one transaction. Durable when it resolves. Rejects with BrokenDisk when only `replace` can help. */
  apply(revision: number, change: Change): Promise<void>;
  close(): void;
}

/** What is on disk is damaged, or of another layout: only a snapshot makes it good. */
export class BrokenDisk extends Error {
  override readonly name = 'BrokenDisk';
}

/** Opens the state file of this path, a link (see `disk-files.ts`) that the first `replace` makes. */
export function openDisk(path: string): Disk {
  let rows: RowsFile | undefined;

  function load(): { revision: number; state: State } {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return { revision: 0, state: emptyState() };
    try {
      const file = currentGeneration(path);
      if (file === undefined) throw new Error('it is of another version');
      rows = openRowsFile(file);
      return { revision: rows.revision(), state: rows.read() };
    } catch (error) {
      rows?.close();
      rows = undefined;
      throw new BrokenDisk(`${path} cannot be read: ${String(error)}`, { cause: error });
    }
  }

  function use(file: string): void {
    rows?.close();
    rows = openRowsFile(file);
    removeOthers(path, file);
  }

  async function replace(revision: number, state: State): Promise<void> {
    const file = nextGeneration(path);
    try {
      await writeRowsFile(file, revision, state);
      await makeCurrent(path, file);
    } catch (error) {
      const valid = currentGeneration(path);
      if (valid === file) use(file);
      else removeOthers(path, valid);
      throw error;
    }
    use(file);
  }

  async function apply(revision: number, change: Change): Promise<void> {
    if (rows === undefined) throw new BrokenDisk(`${path} holds nothing that a change could continue`);
    try {
      await rows.apply(revision, change);
    } catch (error) {
      throw isDamage(error) ? new BrokenDisk(`${path} is damaged: ${String(error)}`, { cause: error }) : error;
    }
  }

  return { load, replace, apply, close: () => rows?.close() };
}

/** SQLITE_CORRUPT and SQLITE_NOTADB; their extended codes have them in the lowest byte. */
const DAMAGE = new Set([11, 26]);

/** Whether a file holds what it should not, other than that it could not be written. */
function isDamage(error: unknown): boolean {
  if (error instanceof Error && 'errcode' in error) return DAMAGE.has(Number(error.errcode) & 0xff);
  return error instanceof SyntaxError || error instanceof RangeError || error instanceof z.ZodError;
}
