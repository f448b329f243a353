/** Certificates: one WireGuard key per user at a time, at an address that outlives rotation (VPN-1, VPN-4). */
import { sql } from 'kysely';
import { cidr } from '../net/cidr.ts';
import { type Ip, formatIp } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { derive } from './derive.ts';
import { ip } from './values.ts';
import { allocateUserAddress, release } from './ranges.ts';

export interface Certificate {
  readonly userId: string;
  readonly slot: number;
  /** The tunnel address. */
  readonly address: Ip;
  readonly publicKey: PublicKey;
  readonly profile: 'full' | 'alias';
  readonly issuedAt: Date;
  readonly rotatedAt: Date | null;
  /** Revision of its last change. */
  readonly revision: number;
  /** `address:port` of its slot, and the slot's key. */
  readonly endpoint: string;
  readonly serverPublicKey: PublicKey;
}

/** The user's certificate, if there is one. */
export async function findCertificate(db: Db, userId: string): Promise<Certificate | undefined> {
  const row = await db
    .selectFrom('certificates as c')
    .innerJoin('slots as s', 's.no', 'c.slot_no')
    .select(['c.user_id', 'c.slot_no', 'c.address', 'c.public_key', 'c.profile', 'c.issued_at', 'c.rotated_at'])
    .select(['c.revision', 's.address as slot_address', 's.port', 's.public_key as slot_key'])
    .where('c.user_id', '=', userId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    userId: row.user_id,
    slot: row.slot_no,
    address: ip(row.address),
    publicKey: row.public_key,
    profile: row.profile,
    issuedAt: row.issued_at,
    rotatedAt: row.rotated_at,
    revision: row.revision,
    endpoint: `${row.slot_address}:${row.port}`,
    serverPublicKey: row.slot_key,
  };
}

/**
 * Issues the user's certificate, in the slot with the fewest, and derives what the user then reaches. Throws
 * `certificate-exists`, `key-in-use`, `key-retired`, `pool-exhausted`, and `unavailable` while there is no slot.
 */
export async function issueCertificate(
  tx: Tx,
  revision: number,
  wanted: { readonly userId: string; readonly publicKey: PublicKey; readonly profile: 'full' | 'alias' },
  now: Date,
): Promise<Certificate> {
  const { userId, publicKey, profile } = wanted;
  if ((await findCertificate(tx, userId)) !== undefined) {
    throw new Problem('certificate-exists', 'Rotate it to get a new key, or revoke it first.');
  }
  await refuseKnownKey(tx, publicKey);
  const slot = await emptiestSlot(tx);
  const address = await allocateUserAddress(tx, cidr(slot.users), userId, now);
  await tx
    .insertInto('certificates')
    .values({
      user_id: userId,
      slot_no: slot.no,
      address: formatIp(address),
      public_key: publicKey,
      profile,
      issued_at: now,
      revision,
    })
    .execute();
  await derive(tx, revision, { users: [userId] });
  return existing(tx, userId);
}

/**
 * Gives the certificate another key (VPN-4). Address, routes and settings stay; the former key is dead for good. Throws
 * `certificate-missing`, `key-in-use`, `key-retired`.
 */
export async function rotateCertificate(
  tx: Tx,
  revision: number,
  userId: string,
  publicKey: PublicKey,
  now: Date,
): Promise<Certificate> {
  const former = await existing(tx, userId);
  await refuseKnownKey(tx, publicKey);
  await retire(tx, former.publicKey, now);
  await tx
    .updateTable('certificates')
    .set({ public_key: publicKey, rotated_at: now, revision })
    .where('user_id', '=', userId)
    .execute();
  return existing(tx, userId);
}

/**
 * Ends the certificate (VPN-4): what the user reaches and had set goes with it, the key is dead for good and the address
 * rests. Throws `certificate-missing`.
 */
export async function revokeCertificate(tx: Tx, revision: number, userId: string, now: Date): Promise<void> {
  const { address, publicKey } = await existing(tx, userId);
  await tx.deleteFrom('certificates').where('user_id', '=', userId).execute();
  await derive(tx, revision, { users: [userId] });
  await retire(tx, publicKey, now);
  await release(tx, address, now, { userId });
}

async function existing(tx: Tx, userId: string): Promise<Certificate> {
  const certificate = await findCertificate(tx, userId);
  if (certificate === undefined) throw new Problem('certificate-missing', 'Issue a certificate first.');
  return certificate;
}

async function retire(tx: Tx, publicKey: PublicKey, now: Date): Promise<void> {
  await tx.insertInto('retired_keys').values({ public_key: publicKey, retired_at: now }).execute();
}

/** A key that anything of the installation has, or ever had as a certificate, is refused. */
async function refuseKnownKey(tx: Tx, key: PublicKey): Promise<void> {
  const { rows } = await sql<{ retired: boolean; used: boolean }>`
    select exists (select from retired_keys where public_key = ${key}) as retired,
           exists (select from certificates where public_key = ${key})
        or exists (select from slots where public_key = ${key})
        or exists (select from gateways where tunnel_key = ${key})
        or exists (select from agents where tunnel_key = ${key}) as used`.execute(tx);
  const advice = 'Make a new key pair and send its public key.';
  if (rows[0]?.retired === true) throw new Problem('key-retired', `This key was rotated away or revoked. ${advice}`);
  if (rows[0]?.used === true)
    throw new Problem('key-in-use', `This key belongs to a certificate or a machine. ${advice}`);
}

async function emptiestSlot(tx: Tx): Promise<{ no: number; users: string }> {
  const slot = await tx
    .selectFrom('slots as s')
    .select(['s.no', 's.users'])
    .orderBy((eb) =>
      eb
        .selectFrom('certificates as c')
        .whereRef('c.slot_no', '=', 's.no')
        .select((inner) => inner.fn.countAll().as('n')),
    )
    .orderBy('s.no')
    .limit(1)
    .executeTakeFirst();
  if (slot === undefined)
    throw new Problem('unavailable', 'No entry point is set up yet. Ask the platform administrator to add a slot.');
  return slot;
}
