import { z } from 'zod';
import { verifyBytes } from '../../net/keys.ts';
import { type Daemon, findDaemon, noteHello, noteLimits, notePaths, noteRepair } from '../../store/telemetry.ts';
import { Problem } from '../../wire/problem.ts';
import { type FromDaemon, MAX_MESSAGE, fromDaemon, helloBytes } from '../../wire/sync.ts';
import type { Deps } from '../deps.ts';

export type Hello = Extract<FromDaemon, { type: 'hello' }>;
export type Report = Exclude<FromDaemon, { type: 'hello' | 'ack' }>;

/** Before a daemon has proved who it is, it has little to say. */
const MAX_HELLO = 4096;

/** Reads a message. Throws `message-too-large`, `message-malformed`. */
export function parseMessage(data: Buffer, binary: boolean, isKnown: boolean): FromDaemon {
  const most = isKnown ? MAX_MESSAGE : MAX_HELLO;
  if (data.length > most)
    throw new Problem('message-too-large', `A message may have ${most} bytes. Send less at once.`);
  if (binary) throw malformed('Messages are JSON texts.');
  const parsed = fromDaemon.safeParse(json(data));
  if (!parsed.success) throw malformed(z.prettifyError(parsed.error).slice(0, 500));
  return parsed.data;
}

/**
 * Finds out who says hello and notes it. Throws `daemon-unknown` for one that is not enrolled, or whose signature over
 * the connection's nonce is not by the key that is enrolled now, `unavailable` when it has spoken on a later connection.
 */
export async function greet(
  deps: Deps,
  hello: Hello,
  { nonce, number }: { readonly nonce: string; readonly number: number },
): Promise<Daemon> {
  const daemon = await findDaemon(deps.db, hello.kind, hello.id);
  const bytes = helloBytes(hello.kind, hello.id, nonce);
  if (daemon === undefined || !verifyBytes(daemon.identityKey, bytes, hello.signature)) {
    throw new Problem('daemon-unknown', 'Enrol this daemon with a new token: control does not know its key.');
  }
  const said = { have: hello.have, clockOffsetMs: hello.clock - deps.clock.now() };
  checkLatest(await noteHello(deps.db, daemon, number, said));
  return daemon;
}

/** Throws `unavailable` for what came on a connection that is not the daemon's latest: were it alive, it would open another. */
export function checkLatest(isLatest: boolean): void {
  if (!isLatest) throw new Problem('unavailable', 'This daemon has opened another connection since.');
}

/** The revision that a daemon confirms. Throws `message-malformed` when it is beyond `told`, the latest that it was told. */
export function checkedAck(revision: number, told: number): number {
  if (revision > told) throw malformed(`Revision ${revision} was never sent on this connection.`);
  return revision;
}

/** Notes what a daemon reports. Throws `message-malformed` for what it has no business to say. */
export async function takeReport(deps: Deps, daemon: Daemon, report: Report): Promise<void> {
  const { db } = deps;
  if (report.type === 'repaired') return noteRepair(db, daemon, report.what, report.detail);
  if (daemon.kind !== 'gateway') throw malformed(`An agent has no "${report.type}" to report.`);
  if (report.type === 'paths') return notePaths(db, daemon.number, report);
  if (report.type === 'limits') return noteLimits(db, daemon.number, report.hits);
}

/** What a daemon said that it should not have. */
export function malformed(detail: string): Problem {
  return new Problem('message-malformed', detail);
}

function json(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw malformed('It is not JSON.');
  }
}
