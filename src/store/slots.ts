/** Slots: the anycast entry points. Each has an address, a port, a key and a part of the user pool of its own. */
import { sql } from 'kysely';
import { type Cidr, cidr, formatCidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import { type PublicKey, newKeyPair } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { allocateSlotUsers } from './ranges.ts';
import { seal, unseal } from './sealing.ts';
import { refusing } from './violation.ts';

export interface SlotRow {
  readonly no: number;
  readonly address: string;
  readonly port: number;
  readonly publicKey: PublicKey;
  readonly users: Cidr;
}

/**
 * Makes a slot with a new key pair, whose private half is sealed with the master key, and the next free /16 of the user pool.
 * Slots are numbered from 1. Throws `pool-exhausted`, and
 * `already-exists` for an address and port that another slot has. Call it within `change`.
 */
export async function createSlot(
  tx: Tx,
  masterKey: Uint8Array,
  pools: Pools,
  entry: { readonly address: Ip; readonly port: number },
  now: Date,
): Promise<SlotRow> {
  const users = await allocateSlotUsers(tx, pools, now);
  const { no } = await tx
    .selectFrom('slots')
    .select(sql<number>`coalesce(max(no), 0) + 1`.as('no'))
    .executeTakeFirstOrThrow();
  const { publicKey, privateKey } = newKeyPair('x25519');
  const address = formatIp(entry.address);
  const values = {
    no,
    address,
    port: entry.port,
    public_key: publicKey,
    sealed_key: seal(masterKey, contextOf(no), Buffer.from(privateKey.reveal(), 'base64')),
    users: formatCidr(users),
  };
  await refusing(() => tx.insertInto('slots').values(values).execute(), {
    slots_address_port_key: () =>
      new Problem('already-exists', `There is a slot at ${address}:${entry.port}. Choose another address or port.`),
  });
  return { no, address, port: entry.port, publicKey, users };
}

/** All slots, by number. */
export async function listSlots(db: Db): Promise<SlotRow[]> {
  const rows = await db
    .selectFrom('slots')
    .select(['no', 'address', 'port', 'public_key', 'users'])
    .orderBy('no')
    .execute();
  return rows.map(({ public_key, users, ...rest }) => ({
    ...rest,
    publicKey: public_key,
    users: cidr(users),
  }));
}

/** The 32 raw bytes of a slot's private key, on their way to a gateway. Throws when the master key is another. */
export function openSlotKey(masterKey: Uint8Array, no: number, sealedKey: string): Buffer {
  return unseal(masterKey, contextOf(no), sealedKey);
}

function contextOf(no: number): string {
  return `slot ${no}`;
}
