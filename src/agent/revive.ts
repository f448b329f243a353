import type { Runner } from '../kernel/run.ts';
import { renewWgPeer } from '../kernel/wg.ts';
import type { Tunnel } from './network.ts';
import { readTunnels } from './reconcile.ts';

/** How many bytes a tunnel had received in all, and when that number was new, in milliseconds. */
export interface Heard {
  readonly bytes: number;
  readonly at: number;
}

/** A gateway sends a probe every second: after so long without a byte its session is one that only we still know. */
const SILENT_MS = 5000;

/**
 * A gateway that answered the handshake and sent nothing since, not even a probe, is there and its daemon is not (AVL-4).
 * It is asked again after so long, for it may be restarting.
 */
const HANDSHAKE_BYTES = 92;
const IDLE_MS = 30_000;

/**
 * Which tunnels are silent, and what to remember for the next call. A tunnel that is found silent counts as heard now, so that
 * it is given time to come back.
 */
export function findSilent(
  before: ReadonlyMap<string, Heard>,
  received: ReadonlyMap<string, number>,
  now: number,
): { heard: Map<string, Heard>; silent: string[] } {
  const heard = new Map<string, Heard>();
  const silent: string[] = [];
  for (const [dev, bytes] of received) {
    const last = before.get(dev);
    const isNew = last?.bytes !== bytes;
    const isIdle = bytes > 0 && bytes <= HANDSHAKE_BYTES;
    if (!isNew && now - last.at >= (isIdle ? IDLE_MS : SILENT_MS)) silent.push(dev);
    heard.set(dev, isNew || silent.at(-1) === dev ? { bytes, at: now } : last);
  }
  return { heard, silent };
}

/**
 * Starts silent tunnels anew: the peer is removed and added at once, and its keepalive makes a handshake at once. WireGuard alone would
 * wait for the old session to age, up to two minutes, when a gateway lost it in a restart: a keepalive that nobody answers
 * does not count as silence. Returns what to remember for the next call.
 */
export async function revive(
  runner: Runner,
  tunnels: readonly Tunnel[],
  before: ReadonlyMap<string, Heard>,
  now: number,
): Promise<Map<string, Heard>> {
  const received = new Map<string, number>();
  const devices = tunnels.map(({ dev }) => dev);
  const states = await readTunnels(runner, devices);
  for (const { dev, peer } of tunnels) {
    const bytes = states.get(dev)?.peers.get(peer.publicKey)?.rx;
    if (bytes !== undefined) received.set(dev, bytes);
  }
  const { heard, silent } = findSilent(before, received, now);
  for (const { dev, peer } of tunnels.filter((tunnel) => silent.includes(tunnel.dev))) {
    await renewWgPeer(runner, dev, peer);
    // The new peer counts from nothing.
    heard.set(dev, { bytes: 0, at: now });
  }
  return heard;
}
