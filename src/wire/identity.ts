import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KeyPair, type PrivateKey, newKeyPair, publicKeyOf, toPrivateKey } from '../net/keys.ts';
import { EnrollmentError, type Enrollment } from './enroll.ts';
import { readIfThere, writeDurably } from './files.ts';
import { type EnrollResponse, enrollResponse } from './sync.ts';

/** A daemon's own keys. Made on this machine; they never leave it (AGT-4). */
export interface Keys {
  /** Ed25519, proves who the daemon is to control. */
  readonly identity: KeyPair;
  /** X25519, of its tunnels. */
  readonly tunnel: KeyPair;
}

/** Who a daemon is, as control answered its enrolment. */
export type Identity = EnrollResponse;

/** Why a daemon without identity cannot get one, in a sentence for its operator. */
export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled';
}

/** Reads a daemon's keys from its state folder and makes those that are not there yet. */
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
  readonly kind: Identity['kind'];
  readonly url: string;
  readonly stateDir: string;
  /** File with the single-use token. */
  readonly tokenFile: string | undefined;
  /** A gateway's public `address:port`; an agent has none. */
  readonly endpoint?: string;
  /** `enroll`, or a test's. */
  readonly enroll: (enrollment: Enrollment) => Promise<EnrollResponse>;
  /** Told why it has to wait, each time that control was out of reach. */
  readonly onWait: (reason: string) => void;
  /** Milliseconds until it is tried again. */
  readonly waitMs: number;
}

/**
 * A daemon's identity: the one it has, or the one it trades its token for. The keys are on disk before control hears of
 * them, and the identity before the token's file goes. Waits while control is out of reach. Throws NotEnrolled when there
 * is neither, and EnrollmentError when control gave a reason, for it will give it again.
 */
export async function obtainIdentity(enrolling: Enrolling, keys: Keys): Promise<Identity> {
  for (;;) {
    try {
      return await loadIdentity(enrolling, keys);
    } catch (error) {
      if (!(error instanceof EnrollmentError) || error.code !== undefined) throw error;
      enrolling.onWait(error.message);
      await sleep(enrolling.waitMs);
    }
  }
}

async function loadIdentity(enrolling: Enrolling, keys: Keys): Promise<Identity> {
  const path = join(enrolling.stateDir, 'identity.json');
  const known = await readIfThere(path);
  const identity = known === undefined ? await newIdentity(enrolling, keys, path) : parseIdentity(known, path);
  if (enrolling.tokenFile !== undefined) await rm(enrolling.tokenFile, { force: true });
  return identity;
}

const OTHERS_TOKEN = {
  agent: 'The token is a gateway’s: make one for the plant.',
  gateway: 'The token is an agent’s: make one for a gateway.',
};

async function newIdentity(enrolling: Enrolling, keys: Keys, path: string): Promise<Identity> {
  const { kind, url, tokenFile, endpoint, enroll } = enrolling;
  const token = tokenFile === undefined ? undefined : (await readIfThere(tokenFile))?.trim();
  if (token === undefined || token === '')
    throw new NotEnrolled(
      `The ${kind} has no identity and no enrolment token: make a token for it and put it in PARKWAY_ENROLLMENT_TOKEN_FILE.`,
    );
  const [identityKey, tunnelKey] = [keys.identity.publicKey, keys.tunnel.publicKey];
  const identity = await enroll({
    url,
    token,
    identityKey,
    tunnelKey,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  if (identity.kind !== kind) throw new NotEnrolled(OTHERS_TOKEN[kind]);
  await writeDurably(path, JSON.stringify(identity));
  return identity;
}

function parseIdentity(text: string, path: string): Identity {
  try {
    return enrollResponse.parse(JSON.parse(text));
  } catch {
    throw new NotEnrolled(`${path} is damaged: remove it and enrol with a new token.`);
  }
}
