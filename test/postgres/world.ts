import { randomBytes } from 'node:crypto';
import { cidr, formatCidr } from '../../src/net/cidr.ts';
import { type KeyPair, newKeyPair } from '../../src/net/keys.ts';
import { toIp } from '../../src/net/ip.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import { type Certificate, issueCertificate } from '../../src/store/certificates.ts';
import { change } from '../../src/store/change.ts';
import type { Db } from '../../src/store/db.ts';
import { derive } from '../../src/store/derive.ts';
import { type Enrolled, type EnrollmentTarget, enroll, insertEnrollmentToken } from '../../src/store/enrollment.ts';
import { createGateway } from '../../src/store/gateways.ts';
import { allocateRange } from '../../src/store/ranges.ts';
import type { JobRole, OrganizationRole } from '../../src/store/schema.ts';
import { createSlot } from '../../src/store/slots.ts';

export const NOW = new Date('2026-11-20T12:00:00Z');
export const MASTER_KEY = Buffer.alloc(32, 7);

export interface TestPlant {
  readonly id: string;
  readonly no: number;
  readonly organizationId: string;
  readonly portfolioId: string;
}

let names = 0;
function unique(prefix: string): string {
  names += 1;
  return `${prefix}-${names}`;
}

/** Adds an account and returns its id. */
export async function addUser(db: Db): Promise<string> {
  const name = unique('user');
  const { id } = await db
    .insertInto('users')
    .values({ email: `${name}@example.test`, name })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds an organization and returns its id. */
export async function addOrganization(db: Db): Promise<string> {
  const { id } = await db
    .insertInto('organizations')
    .values({ name: unique('organization') })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds a portfolio and returns its id. */
export async function addPortfolio(db: Db, organizationId: string): Promise<string> {
  const { id } = await db
    .insertInto('portfolios')
    .values({ organization_id: organizationId, name: unique('portfolio') })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds a plant, to a portfolio of its own unless one is given. */
export async function addPlant(db: Db, organizationId: string, portfolio?: string): Promise<TestPlant> {
  const portfolioId = portfolio ?? (await addPortfolio(db, organizationId));
  const { value } = await change(db, async (tx, revision) => {
    const plant = await tx
      .insertInto('plants')
      .values({ organization_id: organizationId, portfolio_id: portfolioId, name: unique('plant') })
      .returning(['id', 'no'])
      .executeTakeFirstOrThrow();
    await derive(tx, revision, { plants: [plant.no] });
    return plant;
  });
  return { ...value, organizationId, portfolioId };
}

/** Adds a subnet to a plant. */
export async function addSubnet(db: Db, plant: TestPlant, network: string): Promise<{ id: string; no: number }> {
  const { value } = await change(db, async (tx, revision) => {
    const { range, pool } = await allocateRange(tx, plant.organizationId, cidr(network), DEFAULT_POOLS, NOW);
    return tx
      .insertInto('subnets')
      .values({
        organization_id: plant.organizationId,
        plant_id: plant.id,
        network,
        unique_range: formatCidr(range),
        pool,
        since: revision,
      })
      .returning(['id', 'no'])
      .executeTakeFirstOrThrow();
  });
  return value;
}

/** Makes a user a member. Returns the revision. */
export async function join(
  db: Db,
  organizationId: string,
  userId: string,
  role: OrganizationRole = 'member',
): Promise<number> {
  const { revision } = await change(db, async (tx, taken) => {
    await tx
      .insertInto('memberships')
      .values({ organization_id: organizationId, user_id: userId, role })
      .onConflict((conflict) => conflict.columns(['organization_id', 'user_id']).doUpdateSet({ role }))
      .execute();
    await derive(tx, taken, { users: [userId] });
  });
  return revision;
}

/** Grants a role on a plant to a member. Returns the revision. */
export async function grant(db: Db, plant: TestPlant, userId: string, role: JobRole = 'operator'): Promise<number> {
  const { revision } = await change(db, async (tx, taken) => {
    await tx
      .insertInto('grants')
      .values({ organization_id: plant.organizationId, user_id: userId, plant_id: plant.id, role })
      .execute();
    await derive(tx, taken, { users: [userId] });
  });
  return revision;
}

/** Withdraws all grants of a user on a plant. Returns the revision. */
export async function withdraw(db: Db, plant: TestPlant, userId: string): Promise<number> {
  const { revision } = await change(db, async (tx, taken) => {
    await tx.deleteFrom('grants').where('user_id', '=', userId).where('plant_id', '=', plant.id).execute();
    await derive(tx, taken, { users: [userId] });
  });
  return revision;
}

/** Adds a slot. */
export async function addSlot(db: Db): Promise<void> {
  const entry = { address: toIp(0xc6336401), port: 51820 };
  await change(db, (tx) => createSlot(tx, MASTER_KEY, DEFAULT_POOLS, entry, NOW));
}

/** Issues a certificate with a new key. There must be a slot. */
export async function certify(db: Db, userId: string): Promise<Certificate> {
  const { publicKey } = newKeyPair('x25519');
  const { value } = await change(db, (tx, revision) =>
    issueCertificate(tx, revision, { userId, publicKey, profile: 'full' }, NOW),
  );
  return value;
}

/** The pairs in `reach`, as sorted texts "user plant". */
export async function reachOf(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('reach').select(['user_id', 'plant_no']).execute();
  return rows.map(({ user_id, plant_no }) => `${user_id} ${plant_no}`).sort();
}

/** The latest revision. */
export async function head(db: Db): Promise<number> {
  return (await db.selectFrom('revision').select('value').executeTakeFirstOrThrow()).value;
}

/** An enrolled daemon with its keys. */
export interface TestDaemon extends Enrolled {
  readonly identity: KeyPair;
  readonly tunnel: KeyPair;
}

/** Enrols a gateway. */
export async function addGateway(db: Db): Promise<TestDaemon> {
  const region = await db
    .insertInto('regions')
    .values({ name: unique('region') })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { value } = await change(db, (tx) =>
    createGateway(tx, DEFAULT_POOLS, { name: unique('gateway'), regionId: region.id }, NOW),
  );
  return enrollFor(db, { gatewayId: value.id }, '192.0.2.1:51821');
}

/** Enrols the agent of a plant, in the place of a former one. */
export async function addAgent(db: Db, plant: TestPlant): Promise<TestDaemon> {
  return enrollFor(db, { plantId: plant.id });
}

async function enrollFor(db: Db, target: EnrollmentTarget, endpoint?: string): Promise<TestDaemon> {
  const hash = randomBytes(32);
  const createdBy = await addUser(db);
  await insertEnrollmentToken(db, target, { hash, createdBy, expiresAt: new Date(NOW.getTime() + 1000) });
  const [identity, tunnel] = [newKeyPair('ed25519'), newKeyPair('x25519')];
  const claim = { tokenHash: hash, identityKey: identity.publicKey, tunnelKey: tunnel.publicKey, endpoint };
  const { value } = await change(db, (tx) => enroll(tx, claim, DEFAULT_POOLS, NOW));
  return { ...value, identity, tunnel };
}
