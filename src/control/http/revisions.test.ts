import { expect, test } from 'vitest';
import { codeOf } from '../../../test/control/app.ts';
import { type Tenants, tenants } from '../../../test/control/tenants.ts';
import { newKeyPair } from '../../net/keys.ts';
import { headRevision } from '../../store/revisions.ts';
import type { RevisionJson } from '../../wire/rest/revisions.ts';

/** Alpha with an agent that has confirmed everything so far. */
async function withAgent(): Promise<{ world: Tenants; head: number }> {
  const world = await tenants();
  const { control, staff, alpha } = world;
  const { db } = control.deps;
  const path = `/plants/${alpha}/agent/enrollment-tokens`;
  const { token } = (await control.call<{ token: string }>(staff.administrator, 'POST', path)).json;
  await control.call(undefined, 'POST', '/enroll', {
    token,
    identityKey: newKeyPair('ed25519').publicKey,
    tunnelKey: newKeyPair('x25519').publicKey,
  });
  const head = await headRevision(db);
  await db.updateTable('agent_status').set({ applied: head }).execute();
  return { world, head };
}

test('a revision is confirmed when the agents that it concerns hold it, and tells nobody of plants they do not see', async () => {
  const { world, head } = await withAgent();
  await using _ = world;
  const { control, staff, holders, stranger, alpha } = world;
  const read = async (who: { token: string }, revision: number) =>
    (await control.call<RevisionJson>(who, 'GET', `/revisions/${revision}`)).json;
  expect(await read(staff.administrator, head)).toEqual({ revision: head, gateways: [], agents: [], confirmed: true });
  await world.post(staff.administrator, `/plants/${alpha}/subnets`, { network: '10.1.0.0/16' });
  const behind = [{ name: 'Alpha', applied: head, confirmed: false }];
  expect(await read(staff.administrator, head + 1)).toMatchObject({ agents: behind, confirmed: false });
  expect(await read(holders.viewer, head + 1)).toMatchObject({ agents: behind, confirmed: false });
  // Not named, but not passed over either: who may not see a plant is not told that all is done.
  expect(await read(stranger, head + 1)).toMatchObject({ agents: [], confirmed: false });
  // A later change that is none of Alpha's does not wait for Alpha.
  await world.certify(stranger);
  expect(await read(staff.administrator, head + 2)).toMatchObject({ agents: [], confirmed: true });
  expect(codeOf(await control.call(stranger, 'GET', `/revisions/${head + 3}`))).toBe('not-found');
  expect(codeOf(await control.call(stranger, 'GET', '/revisions/x'))).toBe('invalid-request');
});
