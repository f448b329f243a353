/**
 * What has to be done so that the kernel holds what the rows say. Pure; `enforce.ts` does it.
 */
import type { Ip } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import type { WgSettings, WgState } from '../kernel/wg.ts';
import { publicKeyOf } from '../net/keys.ts';
import {
  type ElementChange,
  type Elements,
  type Peer,
  agentPeer,
  compareElements,
  compileUser,
  userPeer,
} from './compile.ts';
import { inPieces } from './pieces.ts';
import type { State, Touched } from './state.ts';

/** What some users and plants need in the kernel. */
export interface Compiled {
  readonly elements: Elements;
  readonly peers: readonly Peer[];
}

/** The steps of a change, in their order: what withdraws comes first. */
export interface Plan {
  readonly removePeers: readonly Peer[];
  readonly elements: ElementChange;
  readonly setPeers: readonly Peer[];
}

/** What to do about one interface. */
export interface DevicePlan {
  readonly create: boolean;
  readonly configure: boolean;
  readonly remove: readonly PublicKey[];
  readonly set: readonly Peer[];
}

/**
 * Compiles what a change touches, from the rows as they are, which must not change meanwhile. Lets other work go on in
 * between: thousands may reach a plant whose subnet changes. `held` is what stands for some users in place of their rows.
 */
export async function compileTouched(
  state: State,
  touched: Pick<Touched, 'users' | 'plants'>,
  pools: Pools,
  held: ReadonlyMap<Ip, Elements> = new Map(),
): Promise<Compiled> {
  const elements: Elements = new Map();
  const steps = touched.users.values().map((user) => into(elements, held.get(user) ?? compileUser(state, user, pools)));
  await inPieces(steps);
  return { elements, peers: compilePeers(state, touched.users, touched.plants) };
}

/** The peers of users and plants. */
export function compilePeers(state: State, users: Iterable<Ip>, plants: Iterable<number>): Peer[] {
  const peers = [
    ...[...users].map((user) => userPeer(state, user)),
    ...[...plants].map((plant) => agentPeer(state, plant)),
  ];
  return peers.filter((peer) => peer !== undefined);
}

/** Compiles everything. */
export function compileAll(state: State, pools: Pools): Compiled {
  const elements: Elements = new Map();
  for (const user of state.users.keys()) into(elements, compileUser(state, user, pools));
  return { elements, peers: compilePeers(state, state.users.keys(), state.agents.keys()) };
}

function into(elements: Elements, added: Elements): void {
  for (const [key, value] of added) elements.set(key, value);
}

/** The steps from one compiled state to another. A peer whose key another takes over is removed first, too. */
export function plan(before: Compiled, after: Compiled): Plan {
  const had = new Map(before.peers.map((peer) => [peerId(peer), peer]));
  const has = new Map(after.peers.map((peer) => [peerId(peer), peer]));
  return {
    removePeers: before.peers.filter((peer) => !has.has(peerId(peer))),
    elements: compareElements(before.elements, after.elements),
    setPeers: after.peers.filter((peer) => !sameSources(peer.allowedIps, had.get(peerId(peer))?.allowedIps)),
  };
}

/** What makes an interface what it shall be; `actual` is undefined when it does not exist. Endpoints are left alone. */
export function planDevice(settings: WgSettings, wanted: readonly Peer[], actual: WgState | undefined): DevicePlan {
  if (actual === undefined) return { create: true, configure: true, remove: [], set: wanted };
  const keys = new Set(wanted.map((peer) => peer.publicKey));
  const isConfigured =
    actual.publicKey === publicKeyOf(settings.privateKey) &&
    (settings.port === undefined || actual.port === settings.port) &&
    (settings.fwmark === undefined || actual.fwmark === settings.fwmark);
  return {
    create: false,
    configure: !isConfigured,
    remove: [...actual.peers.keys()].filter((key) => !keys.has(key)),
    set: wanted.filter((peer) => !sameSources(peer.allowedIps, actual.peers.get(peer.publicKey)?.allowedIps)),
  };
}

function peerId(peer: Peer): string {
  return `${peer.dev} ${peer.publicKey}`;
}

function sameSources(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b?.length === a.length && a.toSorted().join() === b.toSorted().join();
}
