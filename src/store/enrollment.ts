/** Enrolment: a daemon trades a single-use token for an identity (AGT-4). Only public keys ever arrive here. */
import { sql } from 'kysely';
import { type Ip, formatIp } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';
import type { Pools } from '../net/pools.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { allocateInfrastructureAddress } from './ranges.ts';
import { ip } from './values.ts';

/** Whose daemon a token enrols. */
export type EnrollmentTarget = { readonly plantId: string } | { readonly gatewayId: string };

/** What a daemon says of itself. `tokenHash` is the SHA-256 of its token; an agent has no endpoint. */
export interface EnrollmentClaim {
  readonly tokenHash: Buffer;
  readonly identityKey: PublicKey;
  readonly tunnelKey: PublicKey;
  readonly endpoint?: string | undefined;
}

export interface Enrolled {
  readonly kind: 'gateway' | 'agent';
  readonly id: string;
  /** Gateway or plant number. */
  readonly number: number;
  readonly address: Ip;
}

/** Keeps the hash of a new token. Tokens of the same target that were not used yet are void from then on. */
export async function insertEnrollmentToken(
  db: Db,
  target: EnrollmentTarget,
  token: { readonly hash: Buffer; readonly createdBy: string; readonly expiresAt: Date },
): Promise<void> {
  const plant = 'plantId' in target ? target.plantId : null;
  const gateway = 'gatewayId' in target ? target.gatewayId : null;
  await sql`
    with former as (
      delete from enrollment_tokens
       where used_at is null and (plant_id = ${plant}::uuid or gateway_id = ${gateway}::uuid))
    insert into enrollment_tokens (token_hash, plant_id, gateway_id, created_by, expires_at)
    values (${token.hash}, ${plant}, ${gateway}, ${token.createdBy}, ${token.expiresAt})`.execute(db);
}

/**
 * Uses up a token and makes the daemon the current one of its gateway or plant: keys that were enrolled before are refused
 * from then on (AVL-5). The address stays. Call it within `change`. Throws `enrollment-invalid`, `key-in-use`, `invalid-request` for
 * a gateway without an endpoint, `pool-exhausted`.
 */
export async function enroll(tx: Tx, claim: EnrollmentClaim, pools: Pools, now: Date): Promise<Enrolled> {
  const token = await tx
    .updateTable('enrollment_tokens')
    .set({ used_at: now })
    .where('token_hash', '=', claim.tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning(['plant_id', 'gateway_id'])
    .executeTakeFirst();
  if (token === undefined) {
    throw new Problem(
      'enrollment-invalid',
      'Ask for a new enrolment token: each is valid once and for a limited time.',
    );
  }
  await refuseKnownKeys(tx, claim);
  return token.gateway_id === null
    ? enrollAgent(tx, claim, token.plant_id ?? '', pools, now)
    : enrollGateway(tx, claim, token.gateway_id, now);
}

async function enrollGateway(tx: Tx, claim: EnrollmentClaim, id: string, now: Date): Promise<Enrolled> {
  const { identityKey, tunnelKey, endpoint } = claim;
  if (endpoint === undefined) {
    throw new Problem('invalid-request', 'A gateway must name the public address:port at which agents reach it.');
  }
  const { no, address } = await tx
    .updateTable('gateways')
    .set({ identity_key: identityKey, tunnel_key: tunnelKey, endpoint, enrolled_at: now })
    .where('id', '=', id)
    .returning(['no', 'address'])
    .executeTakeFirstOrThrow();
  await tx.deleteFrom('gateway_status').where('gateway_no', '=', no).execute();
  await tx.deleteFrom('paths').where('gateway_no', '=', no).execute();
  await tx.insertInto('gateway_status').values({ gateway_no: no, applied: 0 }).execute();
  return { kind: 'gateway', id, number: no, address: ip(address) };
}

async function enrollAgent(
  tx: Tx,
  claim: EnrollmentClaim,
  plantId: string,
  pools: Pools,
  now: Date,
): Promise<Enrolled> {
  const { no } = await tx.selectFrom('plants').select('no').where('id', '=', plantId).executeTakeFirstOrThrow();
  const former = await tx.deleteFrom('agents').where('plant_no', '=', no).returning('address').executeTakeFirst();
  const address = former === undefined ? await allocateInfrastructureAddress(tx, pools, now) : ip(former.address);
  const { id } = await tx
    .insertInto('agents')
    .values({
      plant_no: no,
      identity_key: claim.identityKey,
      tunnel_key: claim.tunnelKey,
      address: formatIp(address),
      enrolled_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx.insertInto('agent_status').values({ plant_no: no, applied: 0 }).execute();
  return { kind: 'agent', id, number: no, address };
}

/** Keys are made for one enrolment; one that anything has already is a mistake or an attack. */
async function refuseKnownKeys(tx: Tx, { identityKey, tunnelKey }: EnrollmentClaim): Promise<void> {
  const { rows } = await sql<{ used: boolean }>`
    select exists (select from gateways where identity_key = ${identityKey} or tunnel_key = ${tunnelKey})
        or exists (select from agents where identity_key = ${identityKey} or tunnel_key = ${tunnelKey})
        or exists (select from certificates where public_key = ${tunnelKey})
        or exists (select from slots where public_key = ${tunnelKey})
        or exists (select from retired_keys where public_key = ${tunnelKey}) as used`.execute(tx);
  if (rows[0]?.used === true) {
    throw new Problem(
      'key-in-use',
      'Remove the keys in the state directory and enrol again: the daemon makes new ones.',
    );
  }
}
