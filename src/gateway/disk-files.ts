import { readdirSync, readlinkSync, unlinkSync } from 'node:fs';
import { open, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * A state file is a symbolic link to the generation that is valid, `state.db` → `state.db.7`. A new generation is written
 * beside it for as long as it takes, and becomes valid at one stroke: the link is replaced by `rename`. Whenever the
 * process or the machine dies, the link leads to one that is whole. Each has its own write-ahead log (SQLite follows the link).
 */

/** The file that the link leads to; undefined when there is no link. */
export function currentGeneration(link: string): string | undefined {
  try {
    return join(dirname(link), readlinkSync(link));
  } catch {
    return undefined;
  }
}

/** A file name that no generation has had. */
export function nextGeneration(link: string): string {
  const numbers = generations(link).map((name) => Number(/\.(\d+)/.exec(name.slice(basename(link).length))?.[1] ?? 0));
  return `${link}.${Math.max(0, ...numbers) + 1}`;
}

/** Makes a generation the valid one. What it holds is on the disk before the link is, and the link when this resolves. */
export async function makeCurrent(link: string, generation: string): Promise<void> {
  await flush(generation);
  const waiting = `${link}.0`;
  await rm(waiting, { force: true });
  await symlink(basename(generation), waiting);
  await rename(waiting, link);
  await flush(dirname(link));
}

/** Removes all files but those of a generation, also those that a death left half written. */
export function removeOthers(link: string, generation: string | undefined): void {
  const kept = generation === undefined ? [] : ['', '-wal', '-shm'].map((end) => basename(generation) + end);
  for (const name of generations(link)) if (!kept.includes(name)) unlinkSync(join(dirname(link), name));
}

/** Files of generations, and what the former layout has left: a file in place of the link had its log beside it. */
function generations(link: string): string[] {
  const name = basename(link);
  return readdirSync(dirname(link)).filter(
    (file) => file.startsWith(name) && /^(\.\d+)?(-wal|-shm|-journal)?$/.test(file.slice(name.length)) && file !== name,
  );
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
