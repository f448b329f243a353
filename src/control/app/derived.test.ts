import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { expect, test } from 'vitest';
import { type Tenants, tenants } from '../../../test/control/tenants.ts';
import { JOB_ROLES, ORGANIZATION_ROLES } from '../../access/roles.ts';
import { verify } from '../../store/derive.ts';

type Table = 'portfolios' | 'plants' | 'grants' | 'shares' | 'assignments';

/** One thing somebody does; the numbers choose among what is there when it is done. */
interface Step {
  readonly kind: keyof typeof DO;
  readonly a: number;
  readonly b: number;
}

/** The world with what a step needs to choose: ids of a table, all people. */
interface Hands {
  readonly world: Tenants;
  readonly pick: (table: Table, index: number) => Promise<string>;
  readonly call: (
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    asPartner?: boolean,
  ) => Promise<void>;
  readonly person: (index: number) => { readonly id: string; readonly email: string };
}

const jobRole = (index: number) => JOB_ROLES[index % JOB_ROLES.length];
const target = async ({ pick }: Hands, index: number) =>
  index % 2 === 0
    ? { plantId: await pick('plants', index >> 1) }
    : { portfolioId: await pick('portfolios', index >> 1) };

const DO = {
  role: ({ world, call, person }: Hands, a: number, b: number) =>
    call('PATCH', `/organizations/${world.sunfield}/members/${person(a).id}`, { role: ORGANIZATION_ROLES[b % 4] }),
  leave: ({ world, call, person }: Hands, a: number) =>
    call('DELETE', `/organizations/${world.sunfield}/members/${person(a).id}`),
  join: ({ world, call, person }: Hands, a: number, b: number) =>
    call('POST', `/organizations/${world.sunfield}/members`, {
      email: person(a).email,
      name: 'x',
      role: ORGANIZATION_ROLES[b % 4],
    }),
  grant: async (hands: Hands, a: number, b: number) =>
    hands.call('POST', `/organizations/${hands.world.sunfield}/grants`, {
      userId: hands.person(a).id,
      ...(await target(hands, b)),
      role: jobRole(3 - (b % 2)),
    }),
  regrant: async ({ call, pick }: Hands, a: number, b: number) =>
    call('PATCH', `/grants/${await pick('grants', a)}`, { role: jobRole(b) }),
  withdraw: async ({ call, pick }: Hands, a: number) => call('DELETE', `/grants/${await pick('grants', a)}`),
  plant: async ({ call, pick }: Hands, a: number) =>
    call('POST', `/portfolios/${await pick('portfolios', a)}/plants`, { name: crypto.randomUUID() }),
  move: async ({ call, pick }: Hands, a: number, b: number) =>
    call('PATCH', `/plants/${await pick('plants', a)}`, { portfolioId: await pick('portfolios', b) }),
  demolish: async ({ call, pick }: Hands, a: number) => call('DELETE', `/plants/${await pick('plants', a)}`),
  portfolio: ({ world, call }: Hands) =>
    call('POST', `/organizations/${world.sunfield}/portfolios`, { name: crypto.randomUUID() }),
  dissolve: async ({ call, pick }: Hands, a: number) => call('DELETE', `/portfolios/${await pick('portfolios', a)}`),
  share: async (hands: Hands, a: number, b: number) =>
    hands.call('POST', `/cooperations/${hands.world.cooperation}/shares`, {
      ...(await target(hands, a)),
      cap: jobRole(3 - (b % 2)),
    }),
  cap: async ({ call, pick }: Hands, a: number, b: number) =>
    call('PATCH', `/shares/${await pick('shares', a)}`, { cap: jobRole(b) }),
  unshare: async ({ call, pick }: Hands, a: number) => call('DELETE', `/shares/${await pick('shares', a)}`),
  assign: async ({ world, call, pick }: Hands, a: number, b: number) =>
    call(
      'POST',
      `/shares/${await pick('shares', a)}/assignments`,
      { userId: [world.technician, world.partner][b % 2]?.id, role: 'operator' },
      true,
    ),
  reassign: async ({ call, pick }: Hands, a: number, b: number) =>
    call('PATCH', `/assignments/${await pick('assignments', a)}`, { role: jobRole(b) }, true),
  unassign: async ({ call, pick }: Hands, a: number) =>
    call('DELETE', `/assignments/${await pick('assignments', a)}`, undefined, true),
  pause: ({ world, call }: Hands) => call('POST', `/cooperations/${world.cooperation}/pause`),
  resume: ({ world, call }: Hands) => call('POST', `/cooperations/${world.cooperation}/resume`),
} satisfies Record<string, (hands: Hands, a: number, b: number) => Promise<void>>;

function handsOf(world: Tenants, statuses: number[]): Hands {
  const { moderator, member, guest } = world.staff;
  const people = [moderator, member, guest, ...Object.values(world.holders)];
  return {
    world,
    pick: async (table, index) => {
      const rows = await world.control.deps.db.selectFrom(table).select('id').orderBy('id').execute();
      return rows[index % Math.max(1, rows.length)]?.id ?? crypto.randomUUID();
    },
    call: async (method, path, body, asPartner = false) => {
      const who = asPartner ? world.partner : world.staff.administrator;
      statuses.push((await world.control.call(who, method, path, body)).status);
    },
    person: (index) => people[index % people.length] ?? world.partner,
  };
}

/** Building and moving come more often than tearing down, so that there is something to move. */
const KINDS = [
  ...(['role', 'leave', 'join', 'join', 'grant', 'grant', 'grant', 'regrant', 'withdraw'] as const),
  ...([
    'plant',
    'plant',
    'plant',
    'move',
    'move',
    'move',
    'move',
    'demolish',
    'portfolio',
    'portfolio',
    'dissolve',
  ] as const),
  ...([
    'share',
    'share',
    'cap',
    'unshare',
    'assign',
    'assign',
    'reassign',
    'unassign',
    'pause',
    'resume',
    'resume',
  ] as const),
];
const steps = array(record({ kind: constantFrom(...KINDS), a: nat(50), b: nat(50) }), {
  minLength: 70,
  maxLength: 70,
  size: 'max',
});

/** Everybody has a certificate, and there are two portfolios with a grant and a share on each. */
async function busy(): Promise<Tenants> {
  const world = await tenants();
  const { staff, holders, technician, partner, sunfield, south, cooperation } = world;
  for (const who of [...Object.values(staff), ...Object.values(holders), technician, partner]) await world.certify(who);
  const north = (await world.post(staff.administrator, `/organizations/${sunfield}/portfolios`, { name: 'North' })).id;
  await world.post(staff.administrator, `/portfolios/${north}/plants`, { name: 'Beta' });
  for (const portfolioId of [north, south]) {
    const grant = { userId: (portfolioId === north ? holders.viewer : staff.member).id, portfolioId, role: 'operator' };
    await world.post(staff.administrator, `/organizations/${sunfield}/grants`, grant);
    const shared = { portfolioId, cap: 'operator' };
    const share = await world.post(staff.administrator, `/cooperations/${cooperation}/shares`, shared);
    const userId = (portfolioId === north ? technician : partner).id;
    await world.post(partner, `/shares/${share.id}/assignments`, { userId, role: 'operator' });
  }
  return world;
}

test('VPN-5: no use case leaves reach other than the verification from scratch would have it', async () => {
  const statuses: number[] = [];
  await assert(
    asyncProperty(steps, async (sequence: readonly Step[]) => {
      await using world = await busy();
      const { db } = world.control.deps;
      const hands = handsOf(world, statuses);
      for (const { kind, a, b } of sequence) {
        await DO[kind](hands, a, b);
        expect({ kind, ...(await verify(db)) }).toEqual({ kind, added: 0, removed: 0, revision: undefined });
      }
    }),
    { numRuns: 3, endOnFailure: true },
  );
  // What is tried mostly happens, and nothing is our own fault.
  expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(statuses.length / 4);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
}, 120_000);
