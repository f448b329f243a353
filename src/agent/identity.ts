import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type KeyPair, type PrivateKey, newKeyPair, publicKeyOf, toPrivateKey } from '../net/keys.ts';
import type { Enrollment } from '../wire/enroll.ts';
import { type EnrollResponse, enrollResponse } from '../wire/sync.ts';
import { readIfThere, writeDurably } from './files.ts';

/** The agent's own keys. Made on this machine; they never leave it (AGT-4). */
export interface Keys {
  /** Ed25519, proves who the agent is to control. */
  readonly identity: KeyPair;
  /** X25519, of the tunnels. */
  readonly tunnel: KeyPair;
}

/** Who the agent is, as control answered its enrolment. */
export type Identity = EnrollResponse;

/** Why an agent without identity cannot get one, in a sentence for its operator. */
export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled';
}

/** Reads the agent's keys from its state folder and makes those that are not there yet. */
export async function loadKeys(stateDir: string): Promise<Keys> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return {
    identity: await loadKey(join(stateDir, 'identity.key'), 'ed25519'),
    tunnel: await loadKey(join(stateDir, 'tunnel.key'), 'x25519'),
  };
}

async function loadKey(path: string, kind: PrivateKey['kind']): Promise<KeyPair> {
  const text = await readIfThere(path);
  if (text !== undefined) {
    const privateKey = toPrivateKey(kind, text.trim());
    return { privateKey, publicKey: publicKeyOf(privateKey) };
  }
  const pair = newKeyPair(kind);
  await writeDurably(path, `${pair.privateKey.reveal()}\n`);
  return pair;
}

export interface Enrolling {
  readonly url: string;
  readonly stateDir: string;
  /** File with the single-use token. */
  readonly tokenFile: string | undefined;
  /** `wire/enroll`, or a test's. */
  readonly enroll: (enrollment: Enrollment) => Promise<EnrollResponse>;
}

/**
 * The agent's identity: the one it has, or the one it trades its token for. The identity is on disk before the token's
 * file goes. Throws NotEnrolled when there is neither, and what `enroll` throws.
 */
export async function loadIdentity(enrolling: Enrolling, keys: Keys): Promise<Identity> {
  const path = join(enrolling.stateDir, 'identity.json');
  const known = await readIfThere(path);
  const identity = known === undefined ? await newIdentity(enrolling, keys, path) : parseIdentity(known, path);
  if (enrolling.tokenFile !== undefined) await rm(enrolling.tokenFile, { force: true });
  return identity;
}

async function newIdentity({ url, tokenFile, enroll }: Enrolling, keys: Keys, path: string): Promise<Identity> {
  const token = tokenFile === undefined ? undefined : (await readIfThere(tokenFile))?.trim();
  if (token === undefined || token === '')
    throw new NotEnrolled(
      'The agent has no identity and no enrolment token: make a token for the plant and put it in PARKWAY_ENROLLMENT_TOKEN_FILE.',
    );
  const identity = await enroll({ url, token, identityKey: keys.identity.publicKey, tunnelKey: keys.tunnel.publicKey });
  if (identity.kind !== 'agent') throw new NotEnrolled('The token is a gateway’s: make one for the plant.');
  await writeDurably(path, JSON.stringify(identity));
  return identity;
}

function parseIdentity(text: string, path: string): Identity {
  const parsed = z
    .string()
    .transform((json): unknown => JSON.parse(json))
    .pipe(enrollResponse)
    .safeParse(text);
  if (!parsed.success) throw new NotEnrolled(`${path} is damaged: remove it and enrol with a new token.`);
  return parsed.data;
}
