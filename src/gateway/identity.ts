import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type KeyPair, type PrivateKey, newKeyPair, publicKeyOf, toPrivateKey } from '../net/keys.ts';
import type { Enrollment } from '../wire/enroll.ts';
import { type EnrollResponse, enrollResponse } from '../wire/sync.ts';

/** Who a gateway is: its keys, made here, and what control answered when it enrolled. */
export interface Identity extends EnrollResponse {
  /** Ed25519, proves the daemon to control. */
  readonly identityKey: PrivateKey;
  /** X25519, its WireGuard key towards agents; opens the slots' keys. */
  readonly tunnelKey: PrivateKey;
}

/** Why a gateway has no identity, in a sentence for its operator. */
export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled';
}

export interface Enrolling {
  readonly url: string;
  readonly stateDir: string;
  readonly endpoint: string;
  readonly tokenFile: string | undefined;
  /** `wire/enroll`, or a test's. */
  readonly enroll: (enrollment: Enrollment) => Promise<EnrollResponse>;
}

/**
 * The gateway's identity: the one on disk, or the one it trades its single-use token for. Keys are on disk before
 * control hears of them, and the answer before the token's file goes. Throws NotEnrolled, and what `enroll` throws.
 */
export async function loadIdentity(options: Enrolling): Promise<Identity> {
  const { stateDir, tokenFile } = options;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const identity = await loadKey(join(stateDir, 'identity.key'), 'ed25519');
  const tunnel = await loadKey(join(stateDir, 'tunnel.key'), 'x25519');
  const path = join(stateDir, 'enrollment.json');
  if (!existsSync(path)) await writeDurably(path, JSON.stringify(await enrolled(options, identity, tunnel)));
  if (tokenFile !== undefined) rmSync(tokenFile, { force: true });
  const answer = enrollResponse.parse(JSON.parse(readFileSync(path, 'utf8')));
  return { ...answer, identityKey: identity.privateKey, tunnelKey: tunnel.privateKey };
}

async function enrolled(options: Enrolling, identity: KeyPair, tunnel: KeyPair): Promise<EnrollResponse> {
  const { url, endpoint, tokenFile } = options;
  const token = tokenFile !== undefined && existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : '';
  if (token === '')
    throw new NotEnrolled(
      'The gateway has no identity and no enrolment token: make one and put it in PARKWAY_ENROLLMENT_TOKEN_FILE.',
    );
  const answer = await options.enroll({
    url,
    token,
    identityKey: identity.publicKey,
    tunnelKey: tunnel.publicKey,
    endpoint,
  });
  if (answer.kind !== 'gateway') throw new NotEnrolled('The enrolment token is an agent’s: make one for a gateway.');
  return answer;
}

async function loadKey(path: string, kind: PrivateKey['kind']): Promise<KeyPair> {
  if (!existsSync(path)) await writeDurably(path, `${newKeyPair(kind).privateKey.reveal()}\n`);
  const privateKey = toPrivateKey(kind, readFileSync(path, 'utf8').trim());
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** Writes a file readable by its owner alone, so that after a power cut it is whole or not there. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
