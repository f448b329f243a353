import { assert, asyncProperty } from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { type Person, codeOf, testControl } from '../../../test/control/app.ts';
import { type Tenants, created, tenants } from '../../../test/control/tenants.ts';
import { smallWorld, steps, takeStep } from '../../../test/postgres/steps.ts';
import { JOB_ROLES, type JobRole, compareJobRoles } from '../../access/roles.ts';
import type { Db } from '../../store/db.ts';
import type { ChangeJson, EffectsJson } from '../../wire/rest/previews.ts';
import { makeChange } from '../app/make-change.ts';
import { previewChange } from '../app/preview-change.ts';
import type { Actor } from '../actor.ts';

/** Everything in the database, byte for byte: every table there is. */
async function everything(db: Db): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(db);
  const parts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<{ text: string | null }>`
        select string_agg(t::text, e'\n' order by t::text) as text from ${sql.table(name)} t`.execute(db);
      return `${name}\n${rows[0]?.text ?? ''}`;
    }),
  );
  return parts.join('\n');
}

interface Held {
  readonly role: JobRole;
  readonly reached: boolean;
}

/** Everybody's role on every plant, by another way than the preview's. */
async function rolesNow(db: Db): Promise<Map<string, Held>> {
  const { rows } = await sql<{ key: string; roles: JobRole[]; reached: boolean }>`
    select s.user_id || ' ' || s.plant_id as key, array_agg(s.role::text) as roles,
           exists (select from reach r where r.user_id = s.user_id and r.plant_no = s.plant_no) as reached
      from access_sources s join users u on u.id = s.user_id and u.deleted_at is null
     group by s.user_id, s.plant_id, s.plant_no`.execute(db);
  return new Map(
    rows.map(({ key, roles, reached }) => [key, { role: roles.toSorted(compareJobRoles).at(-1) ?? 'viewer', reached }]),
  );
}

/** What really happened, in the preview's terms. */
function happened(before: Map<string, Held>, after: Map<string, Held>) {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const rank = (held: Held | undefined) => (held === undefined ? -1 : JOB_ROLES.indexOf(held.role));
  const count = (is: (key: string) => boolean) => {
    const of = keys.filter(is);
    const parts = (at: number) => new Set(of.map((key) => key.split(' ')[at])).size;
    return { people: parts(0), plants: parts(1) };
  };
  const isOperator = (held: Held | undefined) => held?.role === 'operator';
  return {
    lost: count((key) => rank(after.get(key)) < rank(before.get(key))),
    gained: count((key) => rank(after.get(key)) > rank(before.get(key))),
    vpnLost: count((key) => isOperator(before.get(key)) && !isOperator(after.get(key))),
    vpnGained: count((key) => !isOperator(before.get(key)) && isOperator(after.get(key))),
  };
}

const counts = ({ people, plants }: { people: number; plants: number }) => ({ people, plants });

function countsOf({ lost, gained, vpnLost, vpnGained }: EffectsJson) {
  return { lost: counts(lost), gained: counts(gained), vpnLost: counts(vpnLost), vpnGained: counts(vpnGained) };
}

const preview = (world: Tenants, who: Person, change: object) =>
  world.control.call<EffectsJson>(who, 'POST', '/previews', { change });

/** One of each kind, by who may. In this order each is still possible after those before it. */
function everyKind(world: Tenants, spare: Record<'portfolio' | 'plant' | 'subnet', string>): [Person, ChangeJson][] {
  const { root, staff, holders, partner, technician, grants, alpha, share, assignment, sunfield, cooperation } = world;
  const by = staff.administrator;
  return [
    [holders.operator, { kind: 'use-route', subnetId: spare.subnet }],
    [by, { kind: 'add-grant', organizationId: sunfield, userId: staff.guest.id, plantId: alpha, role: 'operator' }],
    [by, { kind: 'change-grant', id: grants.operator, role: 'viewer' }],
    [by, { kind: 'remove-grant', id: grants.viewer }],
    [by, { kind: 'change-member', organizationId: sunfield, userId: staff.member.id, role: 'moderator' }],
    [by, { kind: 'change-share', id: share, cap: 'viewer' }],
    [by, { kind: 'change-share', id: share, cap: 'operator' }],
    [partner, { kind: 'change-assignment', id: assignment, role: 'operator' }],
    [by, { kind: 'step-cooperation', id: cooperation, step: 'pause' }],
    [by, { kind: 'step-cooperation', id: cooperation, step: 'resume' }],
    [partner, { kind: 'remove-assignment', id: assignment }],
    [partner, { kind: 'add-assignment', shareId: share, userId: technician.id, role: 'operator' }],
    [by, { kind: 'remove-share', id: share }],
    [by, { kind: 'remove-member', organizationId: sunfield, userId: holders.technical_manager.id }],
    [root, { kind: 'remove-user', id: staff.moderator.id }],
    [by, { kind: 'move-plant', id: alpha, portfolioId: spare.portfolio }],
    [by, { kind: 'remove-subnet', id: world.subnet }],
    [by, { kind: 'remove-plant', id: spare.plant }],
    [by, { kind: 'remove-portfolio', id: spare.portfolio }],
    [root, { kind: 'remove-organization', id: sunfield }],
  ];
}

/** A second plant on the same addresses, reached by the Operator, in a portfolio where somebody has a role. */
async function withSpare(world: Tenants): Promise<Record<'portfolio' | 'plant' | 'subnet', string>> {
  const { staff, holders, sunfield, technician } = world;
  const by = staff.administrator;
  for (const who of [holders.operator, staff.moderator, technician, staff.guest]) await world.certify(who);
  const { id: portfolio } = await world.post(by, `/organizations/${sunfield}/portfolios`, { name: 'North' });
  const { id: plant } = await world.post(by, `/portfolios/${portfolio}/plants`, { name: 'Beta' });
  const { id: subnet } = await world.post(by, `/plants/${plant}/subnets`, { network: '192.168.1.0/24' });
  const grants = `/organizations/${sunfield}/grants`;
  await world.post(by, grants, { userId: holders.operator.id, portfolioId: portfolio, role: 'operator' });
  await world.post(by, grants, { userId: holders.viewer.id, portfolioId: portfolio, role: 'technical_manager' });
  return { portfolio, plant, subnet };
}

test('for each kind of change the preview says what then happens, and leaves every byte as it was', async () => {
  await using world = await tenants();
  const { db } = world.control.deps;
  const spare = await withSpare(world);
  const effective: string[] = [];
  for (const [who, change] of everyKind(world, spare)) {
    // All that Sunfield had is gone by then.
    if (change.kind === 'remove-organization') {
      await world.post(world.staff.administrator, `/portfolios/${world.south}/plants`, { name: 'Gamma' });
    }
    const before = await everything(db);
    const roles = await rolesNow(db);
    const foreseen = created(await preview(world, who, change));
    expect([change.kind, (await everything(db)) === before]).toEqual([change.kind, true]);
    const again = created(await preview(world, who, change));
    expect([change.kind, again.digest]).toEqual([change.kind, foreseen.digest]);
    await makeChange(world.control.deps, actorOf(who, who === world.root), change.kind, change);
    expect([change.kind, countsOf(foreseen)]).toEqual([change.kind, happened(roles, await rolesNow(db))]);
    const { lost, gained, subnetsEnding, rangesTaken } = foreseen;
    if (lost.people + gained.people + subnetsEnding.count + rangesTaken.length > 0) effective.push(change.kind);
  }
  expect(effective).toEqual(everyKind(world, spare).map(([, { kind }]) => kind));
});

test('in words: who loses the VPN and keeps browser access, which range another plant loses, which aliases end', async () => {
  await using world = await tenants();
  const { staff, holders, grants } = world;
  const spare = await withSpare(world);
  const by = staff.administrator;
  const less = created(
    await preview(world, by, { kind: 'change-grant', id: grants.operator, role: 'technical_manager' }),
  );
  expect(less.lost.list).toEqual([
    {
      user: { id: holders.operator.id, name: holders.operator.email, email: holders.operator.email },
      plant: { id: world.alpha, name: 'Alpha' },
      roleBefore: 'operator',
      roleAfter: 'technical_manager',
    },
  ]);
  expect(less.vpnLost).toEqual({ people: 1, plants: 1, connected: 1 });
  const use = created(await preview(world, holders.operator, { kind: 'use-route', subnetId: spare.subnet }));
  expect(use.rangesTaken).toEqual([{ range: '192.168.1.0/24', plant: { id: world.alpha, name: 'Alpha' } }]);
  const { subnetsEnding } = created(await preview(world, by, { kind: 'remove-subnet', id: world.subnet }));
  expect(subnetsEnding).toMatchObject({ count: 1, aliases: 1, people: 2, devices: 1 });
  expect(subnetsEnding.list).toMatchObject([{ plant: { name: 'Alpha' }, network: '192.168.1.0/24' }]);
});

describe('who may not make the change', () => {
  test('is refused as the change refuses, and the digest tells when effects grew', async () => {
    await using world = await tenants();
    const { staff, holders, stranger, grants } = world;
    const change = { kind: 'remove-portfolio', id: world.south };
    for (const who of [holders.viewer, stranger, staff.guest, world.root]) {
      const real = await world.control.call(who, 'DELETE', `/portfolios/${world.south}`);
      const answer = await preview(world, who, change);
      expect([who.email, answer.text]).toEqual([who.email, real.text]);
    }
    const first = created(await preview(world, staff.administrator, change));
    await world.control.call(staff.administrator, 'DELETE', `/grants/${grants.viewer}`);
    const second = created(await preview(world, staff.administrator, change));
    expect(second.digest).not.toBe(first.digest);
    expect(second.lost.people).toBe(first.lost.people - 1);
  });

  test('ACC-7: a platform administrator learns how many, and no names of plants', async () => {
    await using world = await tenants();
    const { lost, subnetsEnding } = created(
      await preview(world, world.root, { kind: 'remove-organization', id: world.sunfield }),
    );
    expect([lost.people > 3, lost.list, subnetsEnding.count, subnetsEnding.list]).toEqual([true, [], 1, []]);
  });

  test('ACC-8: a token needs the scope of the change', async () => {
    await using world = await tenants();
    const { control, staff } = world;
    const body = { name: 'r', scopes: ['read'] };
    const { token } = created(await control.call<{ token: string }>(staff.administrator, 'POST', '/tokens', body));
    const answer = await preview(world, { ...staff.administrator, token }, { kind: 'remove-plant', id: world.alpha });
    expect(codeOf(answer)).toBe('scope-missing');
  });
});

test('on random installations: every removal that somebody may make is foreseen', async () => {
  let changed = 0;
  await assert(
    asyncProperty(steps, async (sequence) => {
      await using control = await testControl();
      const { db } = control.deps;
      const small = await smallWorld(db);
      for (const step of sequence.slice(0, 12)) await takeStep(db, small, step);
      const { id: leader } = await db
        .insertInto('users')
        .values({ email: 'leader@x.test', name: 'Leader', password_hash: '' })
        .returning('id')
        .executeTakeFirstOrThrow();
      const values = small.organizations.map((id) => ({
        organization_id: id,
        user_id: leader,
        role: 'administrator' as const,
      }));
      await db.insertInto('memberships').values(values).execute();
      const actor = actorOf({ id: leader, email: '', token: '' }, false);
      for (const change of await removals(db)) {
        const [before, roles] = [await everything(db), await rolesNow(db)];
        const foreseen = await previewChange(control.deps, actor, change);
        expect((await everything(db)) === before).toBe(true);
        await makeChange(control.deps, actor, change.kind, change);
        expect([change.kind, countsOf(foreseen)]).toEqual([change.kind, happened(roles, await rolesNow(db))]);
        changed += foreseen.lost.people;
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
  // With each plant its leader loses one.
  expect(changed).toBeGreaterThan(3);
}, 120_000);

/** Of each kind one, from what there is. */
async function removals(db: Db): Promise<ChangeJson[]> {
  const ids = async (table: 'grants' | 'assignments' | 'shares' | 'plants' | 'portfolios') =>
    (await db.selectFrom(table).select('id').orderBy('id').limit(1).execute()).map(({ id }) => id);
  return [
    ...(await ids('assignments')).map((id) => ({ kind: 'remove-assignment', id }) as const),
    ...(await ids('grants')).map((id) => ({ kind: 'remove-grant', id }) as const),
    ...(await ids('shares')).map((id) => ({ kind: 'change-share', id, cap: 'viewer' }) as const),
    ...(await ids('plants')).map((id) => ({ kind: 'remove-plant', id }) as const),
    ...(await ids('portfolios')).map((id) => ({ kind: 'remove-portfolio', id }) as const),
  ];
}

function actorOf(who: Person, platformAdministrator: boolean): Actor {
  const via = { kind: 'token', id: who.id, expiresAt: null, networks: [] } as const;
  return { userId: who.id, platformAdministrator, scopes: 'all', via };
}
