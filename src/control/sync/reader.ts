import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Db } from '../../store/db.ts';
import { type SealSlotKey, type SyncMessage, catchUp } from '../../store/sync.ts';
import { type Packed, pack } from '../../wire/packing.ts';
import { limiting } from './merging.ts';
import { spooled } from './spool.ts';

/** A part of what a gateway lacks. */
export interface Part {
  /** What the gateway holds when it has the part marked `last`. */
  readonly revision: number;
  readonly last: boolean;
  /** The message, ready to be sent to the gateway that this opens slot keys for. */
  readonly packed: (sealSlotKey: SealSlotKey) => Promise<Packed>;
}

/** Reads what gateways lack. */
export interface Reader {
  /** What came after a revision, read from now on. No part at all when nothing did. */
  readonly since: (from: number) => AsyncIterable<Part>;
}

/** Reads at a time: as many connections of the pool, each for as long as the database needs, not the gateway. */
const READS = 4;

/** Makes a reader. Gateways that ask for the same, before it is begun to be read, share one read and one compression. */
export function createReader(db: Db): Reader {
  const inLane = limiting(READS);
  const waiting = new Map<number, AsyncIterable<Part>>();
  const read = (from: number): AsyncIterable<Part> =>
    spooled((put) =>
      inLane(async () => {
        // The others that the same change woke ask within this turn of the loop.
        await setImmediate();
        waiting.delete(from);
        for await (const message of catchUp(db, from, asItLies)) put(await partOf(message));
      }),
    );
  return {
    since: (from) => {
      const parts = waiting.get(from) ?? read(from);
      waiting.set(from, parts);
      return parts;
    },
  };
}

/** Sealed with the master key: what is read is for several gateways. */
const asItLies: SealSlotKey = (_, sealedKey) => sealedKey;

async function partOf(message: SyncMessage): Promise<Part> {
  const revision = message.type === 'delta' ? message.to : message.revision;
  const { slots } = message.rows;
  if (slots === undefined) {
    const packed = await pack(message);
    return { revision, last: message.last, packed: async () => packed };
  }
  return { revision, last: message.last, packed: (seal) => pack(withSlotKeys(message, slots, seal)) };
}

function withSlotKeys(message: SyncMessage, slots: readonly unknown[], seal: SealSlotKey): SyncMessage {
  const rows = slots.map((row) => {
    const slot = slotKey.parse(row);
    return { ...slot, sealedKey: seal(slot.slot, slot.sealedKey) };
  });
  return { ...message, rows: { ...message.rows, slots: rows } };
}

const slotKey = z.looseObject({ slot: z.int(), sealedKey: z.string() });
