import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { type Tenants, created, tenants } from '../../../test/control/tenants.ts';

const step = (world: Tenants, who: Tenants['root'], name: string, id = world.cooperation) =>
  world.control.call<{ status: string }>(who, 'POST', `/cooperations/${id}/${name}`);

/** The technician with Operator on Alpha, and a certificate. */
async function operating(): Promise<Tenants> {
  const world = await tenants();
  const { control, staff, partner, technician, share, assignment } = world;
  created(await control.call(staff.administrator, 'PATCH', `/shares/${share}`, { cap: 'operator' }));
  created(await control.call(partner, 'PATCH', `/assignments/${assignment}`, { role: 'operator' }));
  await world.certify(technician);
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
  return world;
}

test('ACC-5: a pending, paused or ended cooperation gives nothing', async () => {
  await using world = await operating();
  const { staff, technician, partner, sunfield, helios, alpha } = world;
  expect((await step(world, staff.administrator, 'pause')).json.status).toBe('paused');
  expect(await world.reachOf(technician)).toEqual([]);
  expect((await world.control.call(technician, 'GET', `/plants/${alpha}`)).status).toBe(404);
  expect((await step(world, staff.administrator, 'resume')).json.status).toBe('active');
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
  expect((await step(world, partner, 'end')).json.status).toBe('ended');
  expect(await world.reachOf(technician)).toEqual([]);

  const { id } = await world.post(staff.administrator, `/organizations/${sunfield}/cooperations`, {
    partnerId: helios,
  });
  const share = await world.post(staff.administrator, `/cooperations/${id}/shares`, {
    plantId: alpha,
    cap: 'operator',
  });
  const early = { userId: technician.id, role: 'operator' };
  const answer = await world.control.call(partner, 'POST', `/shares/${share.id}/assignments`, early);
  expect(codeOf(answer)).toBe('cooperation-state');
});

test('ACC-5: a cap limits what is assigned, and lowered it takes effect at once', async () => {
  await using world = await operating();
  const { control, staff, partner, technician, share, assignment, alpha } = world;
  created(await control.call(staff.administrator, 'PATCH', `/shares/${share}`, { cap: 'viewer' }));
  expect(await world.reachOf(technician)).toEqual([]);
  expect((await control.call(technician, 'GET', `/plants/${alpha}`)).json).toMatchObject({ role: 'viewer' });
  const list = await control.call(partner, 'GET', `/shares/${share}/assignments`);
  expect(list.json).toMatchObject({ items: [{ role: 'operator', effectiveRole: 'viewer' }] });

  const before = await world.everything();
  const above = await control.call(partner, 'PATCH', `/assignments/${assignment}`, { role: 'technical_manager' });
  expect(codeOf(above)).toBe('cap-exceeded');
  const member = { userId: partner.id, role: 'operator' };
  expect(codeOf(await control.call(partner, 'POST', `/shares/${share}/assignments`, member))).toBe('cap-exceeded');
  expect(await world.everything()).toBe(before);

  created(await control.call(staff.administrator, 'PATCH', `/shares/${share}`, { cap: 'operator' }));
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
});

test('ACC-5: taking back a share, an assignment or the membership takes the reach', async () => {
  await using world = await operating();
  const { control, staff, partner, technician, cooperation, helios, alpha } = world;
  const role = { userId: technician.id, role: 'operator' };
  created(await control.call(partner, 'DELETE', `/assignments/${world.assignment}`));
  expect(await world.reachOf(technician)).toEqual([]);
  await world.post(partner, `/shares/${world.share}/assignments`, role);
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
  created(await control.call(staff.administrator, 'DELETE', `/shares/${world.share}`));
  expect(await world.reachOf(technician)).toEqual([]);
  const shared = { plantId: alpha, cap: 'operator' };
  const again = await world.post(staff.administrator, `/cooperations/${cooperation}/shares`, shared);
  await world.post(partner, `/shares/${again.id}/assignments`, role);
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
  created(await control.call(partner, 'DELETE', `/organizations/${helios}/members/${technician.id}`));
  expect(await world.reachOf(technician)).toEqual([]);
});

test('ACC-5: a shared portfolio covers plants added later, and not those moved out of it', async () => {
  await using world = await operating();
  const { control, staff, partner, technician, cooperation, sunfield, south } = world;
  const share = { portfolioId: south, cap: 'operator' };
  const { id } = await world.post(staff.administrator, `/cooperations/${cooperation}/shares`, share);
  await world.post(partner, `/shares/${id}/assignments`, { userId: technician.id, role: 'operator' });
  const beta = await world.post(staff.administrator, `/portfolios/${south}/plants`, { name: 'Beta' });
  expect(await world.reachOf(technician)).toEqual(['Alpha', 'Beta']);
  const north = await world.post(staff.administrator, `/organizations/${sunfield}/portfolios`, { name: 'North' });
  created(await control.call(staff.administrator, 'PATCH', `/plants/${beta.id}`, { portfolioId: north.id }));
  expect(await world.reachOf(technician)).toEqual(['Alpha']);
});

test('ACC-5: what was received cannot be shared on, nor granted', async () => {
  await using world = await operating();
  const { control, partner, technician, helios, alpha, south } = world;
  // The partner's Administrator sees the plant like the technician does.
  await world.post(partner, `/shares/${world.share}/assignments`, { userId: partner.id, role: 'operator' });
  const onward = await world.post(partner, `/organizations/${helios}/cooperations`, { partnerName: 'Elsewhere' });
  const before = await world.everything();
  const shared = await control.call(partner, 'POST', `/cooperations/${onward.id}/shares`, {
    plantId: alpha,
    cap: 'viewer',
  });
  expect(codeOf(shared)).toBe('not-allowed');
  const portfolio = { portfolioId: south, cap: 'viewer' };
  expect(codeOf(await control.call(partner, 'POST', `/cooperations/${onward.id}/shares`, portfolio))).toBe(
    'not-allowed',
  );
  const grant = { userId: technician.id, plantId: alpha, role: 'operator' };
  expect(codeOf(await control.call(partner, 'POST', `/organizations/${helios}/grants`, grant))).toBe('not-allowed');
  expect(await world.everything()).toBe(before);
  // Not even past the use case: the foreign key has the owner in it.
  const row = { cooperation_id: onward.id, owner_id: helios, plant_id: alpha, cap: 'viewer' as const };
  await expect(
    control.deps.db
      .insertInto('shares')
      .values({ ...row, portfolio_id: null })
      .execute(),
  ).rejects.toThrow(/violates foreign key constraint/);
});

test('ACC-5: only Administrators of the right side take a step, and only from the right state', async () => {
  await using world = await tenants();
  const { staff, partner, technician, control } = world;
  const before = await world.everything();
  for (const [who, name, code] of [
    [partner, 'pause', 'not-allowed'],
    [partner, 'resume', 'not-allowed'],
    [staff.administrator, 'accept', 'not-allowed'],
    [staff.moderator, 'pause', 'not-allowed'],
    [staff.moderator, 'end', 'not-allowed'],
    [technician, 'end', 'not-allowed'],
    [world.stranger, 'end', 'not-found'],
    [world.root, 'end', 'not-found'],
    [partner, 'accept', 'cooperation-state'],
    [staff.administrator, 'resume', 'cooperation-state'],
  ] as const) {
    expect([who.email, name, codeOf(await step(world, who, name))]).toEqual([who.email, name, code]);
  }
  expect(await world.everything()).toBe(before);
  created(await step(world, staff.administrator, 'end'));
  for (const [who, name] of [
    [staff.administrator, 'pause'],
    [staff.administrator, 'resume'],
    [staff.administrator, 'end'],
    [partner, 'accept'],
  ] as const) {
    expect([name, codeOf(await step(world, who, name))]).toEqual([name, 'cooperation-state']);
  }
  const cap = await control.call(staff.administrator, 'PATCH', `/shares/${world.share}`, { cap: 'operator' });
  expect(codeOf(cap)).toBe('cooperation-state');
});

test('ACC-5: one live cooperation per owner and partner, none with oneself or nobody', async () => {
  await using world = await tenants();
  const { control, staff, partner, sunfield, helios } = world;
  const invite = (body: object) =>
    control.call(staff.administrator, 'POST', `/organizations/${sunfield}/cooperations`, body);
  const before = await world.everything();
  expect(codeOf(await invite({ partnerName: 'Sunfield' }))).toBe('cooperation-self');
  expect(codeOf(await invite({ partnerId: sunfield }))).toBe('cooperation-self');
  expect(codeOf(await invite({ partnerName: 'helios' }))).toBe('not-found');
  expect(codeOf(await invite({ partnerId: crypto.randomUUID() }))).toBe('not-found');
  expect(codeOf(await invite({ partnerId: helios, partnerName: 'Helios' }))).toBe('invalid-request');
  expect(codeOf(await invite({ partnerName: 'Helios' }))).toBe('cooperation-exists');
  expect(await world.everything()).toBe(before);
  // The other direction is another cooperation, and after the end there may be a new one.
  await world.post(partner, `/organizations/${helios}/cooperations`, { partnerId: sunfield });
  created(await step(world, partner, 'end'));
  await world.post(staff.administrator, `/organizations/${sunfield}/cooperations`, { partnerName: 'Helios' });
});
