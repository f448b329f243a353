/** What an installation is: its id, and the key by which agents know its control. */
import { type KeyPair, newKeyPair, toPrivateKey } from '../net/keys.ts';
import type { Db } from './db.ts';
import { seal, unseal } from './sealing.ts';

const CONTEXT = 'control signing key';

/** Control's Ed25519 key pair and the installation's id. */
export interface Installation {
  readonly id: string;
  readonly keys: KeyPair;
}

/**
 * Reads the installation, and makes it at the first start; of several control processes one makes it and all read the same.
 * Throws when the master key is not the one that its secrets are sealed with.
 */
export async function openInstallation(db: Db, masterKey: Uint8Array): Promise<Installation> {
  const found = await read(db, masterKey);
  if (found !== undefined) return found;
  const { publicKey, privateKey } = newKeyPair('ed25519');
  const sealed = seal(masterKey, CONTEXT, Buffer.from(privateKey.reveal(), 'base64'));
  await db
    .insertInto('installation')
    .values({ control_public_key: publicKey, control_sealed_key: sealed })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const made = await read(db, masterKey);
  if (made === undefined) throw new Error('the installation row is gone');
  return made;
}

async function read(db: Db, masterKey: Uint8Array): Promise<Installation | undefined> {
  const row = await db.selectFrom('installation').selectAll().executeTakeFirst();
  if (row === undefined) return undefined;
  const raw = unseal(masterKey, CONTEXT, row.control_sealed_key).toString('base64');
  const publicKey = row.control_public_key;
  return { id: row.id, keys: { publicKey, privateKey: toPrivateKey('ed25519', raw) } };
}
