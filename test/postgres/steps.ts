import { array, constantFrom, nat, record } from 'fast-check';
import { type Facts, JOB_ROLES, ORGANIZATION_ROLES, effectiveRole, sourcesOn } from '../../src/access/roles.ts';
import { revokeCertificate } from '../../src/store/certificates.ts';
import { change } from '../../src/store/change.ts';
import type { Db, Tx } from '../../src/store/db.ts';
import { type Scope, derive } from '../../src/store/derive.ts';
import { NOW, addOrganization, addPlant, addPortfolio, addSlot, addUser, certify, join } from './world.ts';

/** What `reach` must be by the words of the requirements: computed from the rows by `access`, which knows no SQL. */
export async function expectedReach(db: Db): Promise<string[]> {
  const plants = await db.selectFrom('plants').selectAll().execute();
  const facts: Facts = {
    users: (await db.selectFrom('users').selectAll().execute()).map((row) => ({
      id: row.id,
      deleted: row.deleted_at !== null,
    })),
    memberships: (await db.selectFrom('memberships').selectAll().execute()).map((row) => ({
      organizationId: row.organization_id,
      userId: row.user_id,
      role: row.role,
    })),
    portfolios: (await db.selectFrom('portfolios').selectAll().execute()).map((row) => ({
      id: row.id,
      organizationId: row.organization_id,
    })),
    plants: plants.map((row) => ({ id: row.id, organizationId: row.organization_id, portfolioId: row.portfolio_id })),
    grants: (await db.selectFrom('grants').selectAll().execute()).map((row) => ({
      id: row.id,
      organizationId: row.organization_id,
      userId: row.user_id,
      role: row.role,
      portfolioId: row.portfolio_id,
      plantId: row.plant_id,
    })),
    cooperations: (await db.selectFrom('cooperations').selectAll().execute()).map((row) => ({
      id: row.id,
      ownerId: row.owner_id,
      partnerId: row.partner_id,
      status: row.status,
    })),
    shares: (await db.selectFrom('shares').selectAll().execute()).map((row) => ({
      id: row.id,
      cooperationId: row.cooperation_id,
      ownerId: row.owner_id,
      cap: row.cap,
      portfolioId: row.portfolio_id,
      plantId: row.plant_id,
    })),
    assignments: (await db.selectFrom('assignments').selectAll().execute()).map((row) => ({
      id: row.id,
      shareId: row.share_id,
      cooperationId: row.cooperation_id,
      partnerId: row.partner_id,
      userId: row.user_id,
      role: row.role,
    })),
  };
  const holders = await db.selectFrom('certificates').select('user_id').execute();
  return holders
    .flatMap(({ user_id }) =>
      plants
        .filter(({ id }) => effectiveRole(sourcesOn(facts, user_id, id)) === 'operator')
        .map(({ no }) => `${user_id} ${no}`),
    )
    .sort();
}

/** One random change. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const KINDS = [
  'member',
  'leave',
  'grant',
  'revoke-grant',
  'status',
  'cap',
  'assign',
  'unassign',
  'move',
  'certify',
  'revoke',
  'delete-user',
  'drop-plant',
  'share',
  'unshare',
] as const;
export const steps = array(record({ kind: constantFrom(...KINDS), a: nat(), b: nat(), c: nat() }), {
  minLength: 30,
  maxLength: 30,
});

/** The part of an installation that stays; all else comes and goes. */
export interface Small {
  readonly organizations: readonly string[];
  readonly users: readonly string[];
  readonly cooperation: string;
}

/** Two owners and a service company, three plants each for the owners, five users, one cooperation. */
export async function smallWorld(db: Db): Promise<Small> {
  await addSlot(db);
  const organizations = [await addOrganization(db), await addOrganization(db), await addOrganization(db)];
  const [owner = '', other = '', partner = ''] = organizations;
  for (const organization of [owner, other]) {
    const portfolio = await addPortfolio(db, organization);
    await addPlant(db, organization, portfolio);
    await addPlant(db, organization, portfolio);
    await addPlant(db, organization);
  }
  const users = await Promise.all([0, 1, 2, 3, 4].map(() => addUser(db)));
  const { id } = await db
    .insertInto('cooperations')
    .values({ owner_id: owner, partner_id: partner })
    .returning('id')
    .executeTakeFirstOrThrow();
  const world = { organizations, users, cooperation: id };
  for (const [index, user] of users.entries()) {
    await join(db, organizations[[0, 1, 2, 2, 2][index] ?? 0] ?? '', user, index === 1 ? 'moderator' : 'member');
    if (index < 4) await certify(db, user);
  }
  for (const kind of ['status', 'share', 'share', 'assign', 'grant', 'assign', 'grant'] as const) {
    await takeStep(db, world, { kind, a: kind.length, b: kind.length, c: 1 });
  }
  return world;
}

function pick<T>(from: readonly T[], at: number): T | undefined {
  return from[at % Math.max(1, from.length)];
}

/** Carries out a part of the steps within a change and returns what they touch; undefined when there is nothing to do them on. */
async function perform(
  tx: Tx,
  revision: number,
  { organizations, users, cooperation }: Small,
  step: Step,
): Promise<Scope | undefined> {
  const { a, b, c } = step;
  const user = pick(users, a) ?? '';
  const role = JOB_ROLES[c % JOB_ROLES.length] ?? 'viewer';
  const [owner = '', , partner = ''] = organizations;
  switch (step.kind) {
    case 'member': {
      const values = {
        organization_id: pick(organizations, b) ?? '',
        user_id: user,
        role: ORGANIZATION_ROLES[c % 4] ?? 'guest',
      };
      await tx
        .insertInto('memberships')
        .values(values)
        .onConflict((conflict) => conflict.columns(['organization_id', 'user_id']).doUpdateSet({ role: values.role }))
        .execute();
      return { users: [user] };
    }
    case 'leave':
      await tx
        .deleteFrom('memberships')
        .where('user_id', '=', user)
        .where('organization_id', '=', pick(organizations, b) ?? '')
        .execute();
      return { users: [user] };
    case 'grant': {
      const memberships = await tx
        .selectFrom('memberships')
        .selectAll()
        .orderBy('user_id')
        .orderBy('organization_id')
        .execute();
      const membership = pick(memberships, a);
      if (membership === undefined) return undefined;
      const plants = await tx
        .selectFrom('plants')
        .selectAll()
        .where('organization_id', '=', membership.organization_id)
        .orderBy('no')
        .execute();
      const plant = pick(plants, b);
      if (plant === undefined) return undefined;
      const target = c % 2 === 0 ? { plant_id: plant.id } : { portfolio_id: plant.portfolio_id };
      await tx
        .insertInto('grants')
        .values({
          organization_id: membership.organization_id,
          user_id: membership.user_id,
          role: c % 3 === 0 ? role : 'operator',
          ...target,
        })
        .onConflict((conflict) => conflict.columns(['user_id', 'portfolio_id', 'plant_id']).doUpdateSet({ role }))
        .execute();
      return { users: [membership.user_id] };
    }
    case 'revoke-grant': {
      const row = pick(await tx.selectFrom('grants').selectAll().orderBy('id').execute(), a);
      if (row === undefined) return undefined;
      await tx.deleteFrom('grants').where('id', '=', row.id).execute();
      return { users: [row.user_id] };
    }
    case 'status':
      await tx
        .updateTable('cooperations')
        .set({ status: c % 3 === 0 ? 'paused' : 'active' })
        .where('id', '=', cooperation)
        .execute();
      return { plants: await plantsOf(tx, owner) };
    case 'share': {
      const plant = pick(
        await tx.selectFrom('plants').selectAll().where('organization_id', '=', owner).orderBy('no').execute(),
        b,
      );
      if (plant === undefined) return undefined;
      const target = c % 2 === 0 ? { plant_id: plant.id } : { portfolio_id: plant.portfolio_id };
      await tx
        .insertInto('shares')
        .values({ cooperation_id: cooperation, owner_id: owner, cap: c % 3 === 0 ? role : 'operator', ...target })
        .onConflict((conflict) => conflict.columns(['cooperation_id', 'portfolio_id', 'plant_id']).doNothing())
        .execute();
      return { plants: await plantsOf(tx, owner) };
    }
    case 'unshare':
    case 'cap': {
      const row = pick(await tx.selectFrom('shares').selectAll().orderBy('id').execute(), a);
      if (row === undefined) return undefined;
      if (step.kind === 'cap') await tx.updateTable('shares').set({ cap: role }).where('id', '=', row.id).execute();
      else await tx.deleteFrom('shares').where('id', '=', row.id).execute();
      return { plants: await plantsOf(tx, owner) };
    }
    case 'assign': {
      const share = pick(await tx.selectFrom('shares').selectAll().orderBy('id').execute(), a);
      const members = await tx
        .selectFrom('memberships')
        .selectAll()
        .where('organization_id', '=', partner)
        .orderBy('user_id')
        .execute();
      const member = pick(members, b);
      if (share === undefined || member === undefined) return undefined;
      await tx
        .insertInto('assignments')
        .values({
          share_id: share.id,
          cooperation_id: cooperation,
          partner_id: partner,
          user_id: member.user_id,
          role: c % 3 === 0 ? role : 'operator',
        })
        .onConflict((conflict) => conflict.columns(['share_id', 'user_id']).doUpdateSet({ role }))
        .execute();
      return { users: [member.user_id], plants: [] };
    }
    case 'unassign': {
      const row = pick(await tx.selectFrom('assignments').selectAll().orderBy('id').execute(), a);
      if (row === undefined) return undefined;
      await tx.deleteFrom('assignments').where('id', '=', row.id).execute();
      return { users: [row.user_id] };
    }
    case 'move': {
      const plant = pick(await tx.selectFrom('plants').selectAll().orderBy('no').execute(), a);
      if (plant === undefined) return undefined;
      const portfolios = await tx
        .selectFrom('portfolios')
        .selectAll()
        .where('organization_id', '=', plant.organization_id)
        .orderBy('id')
        .execute();
      await tx
        .updateTable('plants')
        .set({ portfolio_id: pick(portfolios, b)?.id ?? '' })
        .where('id', '=', plant.id)
        .execute();
      return { plants: [plant.no] };
    }
    case 'drop-plant': {
      const plants = await tx.selectFrom('plants').selectAll().orderBy('no').execute();
      if (plants.length < 4) return undefined;
      await tx
        .deleteFrom('plants')
        .where('id', '=', pick(plants, a)?.id ?? '')
        .execute();
      return { plants: [] };
    }
    case 'delete-user':
      if (c % 4 !== 0) return undefined;
      await tx.updateTable('users').set({ deleted_at: NOW }).where('id', '=', user).execute();
      return { users: [user] };
    case 'revoke':
      if ((await tx.selectFrom('certificates').selectAll().where('user_id', '=', user).execute()).length > 0) {
        await revokeCertificate(tx, revision, user, NOW);
      }
      return undefined;
    case 'certify':
  }
  return undefined;
}

async function plantsOf(tx: Tx, organizationId: string): Promise<number[]> {
  return (await tx.selectFrom('plants').select('no').where('organization_id', '=', organizationId).execute()).map(
    ({ no }) => no,
  );
}

/** Carries out one step as a change of its own, deriving for what it touches. */
export async function takeStep(db: Db, world: Small, step: Step): Promise<void> {
  const user = pick(world.users, step.a) ?? '';
  if (step.kind === 'certify') {
    const held = await db.selectFrom('certificates').select('user_id').where('user_id', '=', user).execute();
    if (held.length === 0) await certify(db, user);
    return;
  }
  await change(db, async (tx, revision) => {
    const scope = await perform(tx, revision, world, step);
    if (scope !== undefined) await derive(tx, revision, scope);
  });
}
