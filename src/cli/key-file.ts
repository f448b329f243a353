import { access, open, readFile, rename, rm } from 'node:fs/promises';
import { type KeyPair, newKeyPair, publicKeyOf, toPrivateKey } from '../net/keys.ts';
import { privateKeyIn } from '../wire/profile.ts';
import { wrongUsage } from './failures.ts';

/** A new key on its way into a configuration file. It is on disk before the server hears of it, so no crash loses it. */
export interface PendingKey {
  readonly pair: KeyPair;
  /** Where the key is until the configuration is complete. */
  readonly path: string;
  /** Whether it was left by a call that ended half-way: the server may know it already. */
  readonly left: boolean;
  /** Writes the configuration and removes the pending file. */
  finish(profile: string): Promise<void>;
  /** Leaves nothing behind, for a key that the server refused. */
  discard(): Promise<void>;
}

/**
 * Makes the key for the configuration file `out`, or takes up the one that an interrupted call left beside it.
 * Throws Failure (usage) when `out` exists and `force` is not set, or cannot be written.
 */
export async function pendingKey(out: string, force: boolean): Promise<PendingKey> {
  const path = `${out}.unfinished`;
  if (!force && (await exists(out))) {
    throw wrongUsage(`${out} exists. Name another file with --out, or overwrite it with --force.`);
  }
  const left = await keyIn(path);
  const pair = left ?? newKeyPair('x25519');
  if (left === undefined) await write(path, `[Interface]\nPrivateKey = ${pair.privateKey.reveal()}\n`);
  return {
    pair,
    path,
    left: left !== undefined,
    finish: async (profile) => {
      await (force ? replace(out, profile) : write(out, profile));
      await rm(path);
    },
    discard: () => rm(path, { force: true }),
  };
}

/** Reads the key pair of a `.conf`. Undefined when there is no such file; throws Failure (usage) when it has no key. */
export async function keyIn(path: string): Promise<KeyPair | undefined> {
  if (!(await exists(path))) return undefined;
  const raw = privateKeyIn(await readFile(path, 'utf8')) ?? '';
  try {
    const privateKey = toPrivateKey('x25519', raw);
    return { privateKey, publicKey: publicKeyOf(privateKey) };
  } catch {
    throw wrongUsage(`There is no private key in ${path}.`);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function replace(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await write(fresh, text);
  await rename(fresh, path);
}

/** Writes a new file for this user alone, and returns when it is on the disk. */
async function write(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw wrongUsage(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
