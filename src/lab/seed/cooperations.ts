import { assignmentSchema, cooperationSchema, shareSchema } from '../../wire/rest/cooperations.ts';
import { ensure } from './api.ts';
import { COOPERATIONS } from './installation.ts';
import type { Seeded } from './organizations.ts';

/** Makes the cooperations between organizations: shared by the owner, accepted and assigned by the partner (ACC-5). */
export async function seedCooperations(organizations: ReadonlyMap<string, Seeded>): Promise<void> {
  for (const { owner, partner, plant, cap, assignee } of COOPERATIONS) {
    const [from, to] = [organizations.get(owner), organizations.get(partner)];
    if (from === undefined || to === undefined) throw new Error(`${owner} or ${partner} is not seeded`);
    const path = `/organizations/${from.id}/cooperations`;
    const isIt = (c: { owner: { id: string }; partner: { id: string }; status: string }) =>
      c.owner.id === from.id && c.partner.id === to.id && c.status !== 'ended';
    const cooperation = await ensure(from.administrator, path, cooperationSchema, isIt, { partnerId: to.id });
    if (cooperation.status === 'pending')
      await to.administrator.send('POST', `/cooperations/${cooperation.id}/accept`, undefined, cooperationSchema);
    const plantId = from.plants.get(plant);
    const shares = `/cooperations/${cooperation.id}/shares`;
    const share = await ensure(from.administrator, shares, shareSchema, (one) => one.plant?.id === plantId, {
      plantId,
      cap,
    });
    const assignments = `/shares/${share.id}/assignments`;
    const body = { userId: to.users.get(assignee), role: cap };
    await ensure(to.administrator, assignments, assignmentSchema, ({ user }) => user.email === assignee, body);
  }
}
