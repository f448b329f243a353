import type { Runner } from '../kernel/run.ts';
import { removeWgPeers, setWgPeers } from '../kernel/wg.ts';
import type { Peer } from './compile.ts';

export interface PeersDeps {
  readonly runner: Runner;
  readonly report: (what: string, detail: string) => void;
}

/** Changes peers in the kernel, whatever their interfaces. What fails is reported and remembered. */
export interface Peers {
  remove(peers: readonly Peer[]): Promise<void>;
  set(peers: readonly Peer[]): Promise<void>;
  /** Whether something failed since the interfaces were last compared as a whole. */
  isMissing(): boolean;
  /** The interfaces are there, with all peers. Until that is said peers are only removed, for they come with their interface. */
  areThere(areThere: boolean): void;
}

/** Makes it for the interfaces of this machine. */
export function openPeers({ runner, report }: PeersDeps): Peers {
  let [isThere, isMissing] = [false, false];

  function failed(dev: string, error: unknown): void {
    if (!isThere) return;
    isMissing = true;
    report('peers-refused', `${dev}: ${String(error)}`);
  }

  return {
    remove: async (removed) => {
      for (const [dev, peers] of Map.groupBy(removed, (peer) => peer.dev)) {
        const keys = peers.map((peer) => peer.publicKey);
        await removeWgPeers(runner, dev, keys).catch((error: unknown) => failed(dev, error));
      }
    },
    set: async (set) => {
      if (!isThere) return;
      for (const [dev, peers] of Map.groupBy(set, (peer) => peer.dev))
        await setWgPeers(runner, dev, peers).catch((error: unknown) => failed(dev, error));
    },
    isMissing: () => isMissing || !isThere,
    areThere: (areThere) => void ([isThere, isMissing] = [areThere, false]),
  };
}
