import type { PublicKey } from '../net/keys.ts';
import type { WgPeer, WgState } from '../kernel/wg.ts';
import type { Tunnel } from './network.ts';

/** What is to be done about the tunnels, as a value. Withdrawals stand in the first two. */
export interface TunnelPlan {
  /** Interfaces to delete. */
  readonly remove: readonly string[];
  /** Peers to take off an interface. */
  readonly unpeer: readonly { readonly dev: string; readonly keys: readonly PublicKey[] }[];
  /** Interfaces to make. */
  readonly create: readonly string[];
  /** Interfaces whose own key is to be set; new ones included. */
  readonly key: readonly string[];
  /** Peers to set. */
  readonly peer: readonly { readonly dev: string; readonly peer: WgPeer }[];
}

/**
 * Compares the tunnels wanted with those found. `actual` holds every interface with a tunnel's name, undefined where
 * it is no WireGuard interface that answers. Interfaces that are not wanted go only when they carry our key: another's
 * interface may have such a name.
 */
export function planTunnels(
  wanted: readonly Tunnel[],
  actual: ReadonlyMap<string, WgState | undefined>,
  ownKey: PublicKey,
): TunnelPlan {
  const names = new Set(wanted.map(({ dev }) => dev));
  const remove = [...actual].filter(([dev, wg]) => !names.has(dev) && wg?.publicKey === ownKey);
  const unpeer = wanted.flatMap(({ dev, peer }) => {
    const keys = [...(actual.get(dev)?.peers.keys() ?? [])].filter((key) => key !== peer.publicKey);
    return keys.length === 0 ? [] : [{ dev, keys }];
  });
  return {
    remove: remove.map(([dev]) => dev),
    unpeer,
    create: wanted.filter(({ dev }) => actual.get(dev) === undefined).map(({ dev }) => dev),
    key: wanted.filter(({ dev }) => actual.get(dev)?.publicKey !== ownKey).map(({ dev }) => dev),
    peer: wanted.filter(({ dev, peer }) => !hasPeer(actual.get(dev), peer)),
  };
}

function hasPeer(wg: WgState | undefined, wanted: WgPeer): boolean {
  const peer = wg?.peers.get(wanted.publicKey);
  return (
    peer !== undefined &&
    peer.endpoint === wanted.endpoint &&
    peer.keepalive === wanted.keepalive &&
    peer.allowedIps.toSorted().join() === wanted.allowedIps.toSorted().join()
  );
}
