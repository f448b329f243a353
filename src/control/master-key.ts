import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads the master key of this installation, 32 bytes in base64, from `master.key` in the state directory; makes the file,
 * readable by its owner alone, when there is none. Throws when the file is something else or others may read it.
 */
export async function loadMasterKey(stateDirectory: string): Promise<Buffer> {
  const file = join(stateDirectory, 'master.key');
  await mkdir(stateDirectory, { recursive: true });
  await makeUnlessThere(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others. Run: chmod 600 ${file}`);
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (key.length !== 32)
    throw new Error(`${file} is not a master key of 32 bytes in base64. Restore it from your backup.`);
  return key;
}

/** Whole or not at all, and never over an existing one: without it the slot keys in the database are lost. */
async function makeUnlessThere(file: string): Promise<void> {
  // Of a name of its own: what a start left that was killed here must not stop the next one.
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(fresh, file);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
  } finally {
    await rm(fresh);
  }
}
