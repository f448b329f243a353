import { sealTo, signBytes } from '../../net/keys.ts';
import { openSlotKey } from '../../store/slots.ts';
import { readAgentState } from '../../store/sync-agent.ts';
import type { SealSlotKey } from '../../store/sync.ts';
import type { Daemon } from '../../store/telemetry.ts';
import { pack } from '../../wire/packing.ts';
import type { ToDaemonJson } from '../../wire/sync.ts';
import type { Deps } from '../deps.ts';
import type { Channel } from './channel.ts';
import { limiting, merging } from './merging.ts';
import type { Reader } from './reader.ts';

/** What is sent to one daemon. */
export interface Outbound {
  /** Sends what the daemon lacks; calls while that is under way are served by one more look. Rejects with what went wrong. */
  readonly push: () => Promise<void>;
  /** The revision up to which it was told everything. */
  readonly told: () => number;
}

/** A change of all agents reads all their states: the gateways keep the other connections to the database. */
const agentReads = limiting(4);

/** Tells a gateway that holds `have` what changed since, and again after each change. */
export function toGateway(deps: Deps, reader: Reader, daemon: Daemon, have: number, channel: Channel): Outbound {
  let told = have;
  let greeted = false;
  const sealSlotKey: SealSlotKey = (slot, sealedKey) =>
    sealTo(daemon.tunnelKey, `slot ${slot}`, openSlotKey(deps.masterKey, slot, sealedKey));
  const push = merging(async () => {
    for await (const { revision, last, packed } of reader.since(told)) {
      await channel.send(await packed(sealSlotKey));
      if (last) told = revision;
      greeted = true;
    }
    // Its last word may have been lost with the last connection: an empty delta asks for it again.
    const nothing: ToDaemonJson = { type: 'delta', from: told, to: told, last: true, rows: {}, gone: {} };
    if (!greeted) await channel.send(await pack(nothing));
    greeted = true;
  });
  return { push, told: () => told };
}

/** Tells an agent its whole state, signed, again after each change. */
export function toAgent(deps: Deps, daemon: Daemon, have: number, channel: Channel): Outbound {
  let told = have;
  const push = merging(async () => {
    const read = await agentReads(() => readAgentState(deps.db, daemon.number, deps.pools));
    if (read?.identityKey !== daemon.identityKey) {
      return channel.refuse(
        'daemon-unknown',
        'This agent was removed or another one took its place. Enrol it again to use it.',
      );
    }
    const state = JSON.stringify(read.state);
    const signature = signBytes(deps.installation.keys.privateKey, Buffer.from(state));
    const message: ToDaemonJson = { type: 'agent-state', state, signature };
    await channel.send(await pack(message));
    told = read.state.revision;
  });
  return { push, told: () => told };
}
