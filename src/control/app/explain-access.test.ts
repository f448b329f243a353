import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { ENGINES } from '../../../test/postgres/database.ts';
import { type Tenants, created, tenants } from '../../../test/control/tenants.ts';
import type { MemberAccessJson, OwnAccessJson, PlantAccessJson } from '../../wire/rest/access.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const holdersOf = async ({ control, staff, alpha }: Tenants, query = '') =>
  (await control.call<Page<PlantAccessJson>>(staff.administrator, 'GET', `/plants/${alpha}/access${query}`)).json;

test.each(ENGINES)('ACC-6: a plant’s access names everybody with every source (%s)', async (engine) => {
  await using world = await tenants(engine);
  const { items } = await holdersOf(world);
  expect(items.map(({ user, role }) => [user.name, role])).toEqual([
    ['administrator@x.test', 'operator'],
    ['asset_manager_commercial@x.test', 'asset_manager_commercial'],
    ['moderator@x.test', 'operator'],
    ['operator@x.test', 'operator'],
    ['technical_manager@x.test', 'technical_manager'],
    ['technician@x.test', 'technical_manager'],
    ['viewer@x.test', 'viewer'],
  ]);
  expect(items.find(({ user }) => user.id === world.technician.id)?.sources).toEqual([
    {
      source: 'plant-share',
      id: world.assignment,
      role: 'technical_manager',
      sentence:
        'Technical Manager on the plant, via cooperation of Sunfield with Helios: assigned Technical Manager, cap Technical Manager',
      organization: { id: world.helios, name: 'Helios' },
      cooperation: {
        id: world.cooperation,
        shareId: world.share,
        owner: { id: world.sunfield, name: 'Sunfield' },
        cap: 'technical_manager',
        assigned: 'technical_manager',
      },
    },
  ]);
});

test('ACC-6: the role is the strongest of several sources, and each is listed', async () => {
  await using world = await tenants();
  const { control, staff, holders, sunfield, south, alpha, grants } = world;
  const grant = { userId: holders.viewer.id, portfolioId: south, role: 'technical_manager' };
  const { id } = await world.post(staff.administrator, `/organizations/${sunfield}/grants`, grant);
  const own = async () => (await control.call<OwnAccessJson>(holders.viewer, 'GET', `/plants/${alpha}/access/me`)).json;
  expect(await own()).toMatchObject({
    role: 'technical_manager',
    sources: [
      {
        source: 'portfolio-grant',
        id,
        portfolio: { id: south, name: 'South' },
        sentence: 'Technical Manager granted via portfolio South by Sunfield',
      },
      { source: 'plant-grant', id: grants.viewer, sentence: 'Viewer granted on the plant by Sunfield' },
    ],
  });
  const member = `/organizations/${sunfield}/members/${holders.viewer.id}`;
  created(await control.call(staff.administrator, 'PATCH', member, { role: 'moderator' }));
  const raised = await own();
  expect(raised.role).toBe('operator');
  expect(raised.sources.map(({ source }) => source)).toEqual(['membership', 'portfolio-grant', 'plant-grant']);
  expect(raised.sources[0]).toMatchObject({
    organizationRole: 'moderator',
    sentence: 'Operator as Moderator of Sunfield, which owns the plant',
  });
});

test('ACC-6: what a member reaches shows an organization only what comes by it', async () => {
  await using world = await tenants();
  const { control, partner, technician, stranger, helios, elsewhere, alpha } = world;
  const body = { email: technician.email, name: 'technician', role: 'administrator' };
  await world.post(stranger, `/organizations/${elsewhere}/members`, body);
  const own = await world.post(stranger, `/organizations/${elsewhere}/portfolios`, { name: 'Own' });
  await world.post(stranger, `/portfolios/${own.id}/plants`, { name: 'Omega' });
  const plantsIn = async (who: typeof partner, organizationId: string) => {
    const path = `/organizations/${organizationId}/members/${technician.id}/access`;
    const { json } = await control.call<Page<MemberAccessJson>>(who, 'GET', path);
    return json.items.map(({ plant, sources }) => [plant.name, sources.length]);
  };
  expect(await plantsIn(partner, helios)).toEqual([['Alpha', 1]]);
  expect(await plantsIn(stranger, elsewhere)).toEqual([['Omega', 1]]);
  expect(await plantsIn(technician, helios)).toEqual([['Alpha', 1]]);
  expect(codeOf(await control.call(technician, 'GET', `/plants/${alpha}/access`))).toBe('not-allowed');
});

test('lists come in pages that miss nothing and repeat nothing', async () => {
  await using world = await tenants();
  const names: string[] = [];
  let page = await holdersOf(world, '?limit=3');
  for (;;) {
    names.push(...page.items.map(({ user }) => user.name));
    if (page.next === null) break;
    expect(page.items).toHaveLength(3);
    page = await holdersOf(world, `?limit=3&cursor=${page.next}`);
  }
  expect(names).toEqual((await holdersOf(world)).items.map(({ user }) => user.name));
  expect(names).toHaveLength(7);
});
