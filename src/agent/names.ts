/**
 * What the agent's objects in the kernel are called: one place, because rules, routes and interfaces must agree.
 */

/** The nftables table of family `ip` that is the agent's. */
export const TABLE = 'parkway_agent';

/**
 * Marks of packets and connections that are Parkway's carry this tag in their upper half, so that they are never mistaken for
 * marks that other software on the machine sets. The lower half is the gateway's number.
 */
export const TAG = 0x50570000;
export const TAG_MASK = 0xffff0000;

/** The mark of a path probe, and the name of the routing table with the gateways' own addresses. */
export const PROBE_MARK = 0x5057ffff;

/** The highest gateway number that marks have room for. */
export const LAST_GATEWAY = 0xfffe;

/** The interface of the tunnel to a gateway. */
export function tunnelName(gateway: number): string {
  return `gw${gateway}`;
}

/** Whether an interface has a tunnel's name. It may be somebody else's all the same. */
export function isTunnelName(dev: string): boolean {
  return /^gw\d+$/.test(dev);
}

/** The mark of connections that came by a gateway's tunnel. */
export function markOf(gateway: number): number {
  return TAG | gateway;
}

/** A mark as `nft` and `ip` print it. */
export function formatMark(mark: number): string {
  return `0x${mark.toString(16)}`;
}
