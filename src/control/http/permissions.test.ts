import { expect, test } from 'vitest';
import {
  type Capability,
  type OrganizationAction,
  type Standing,
  can,
  mayAdminister,
} from '../../access/capabilities.ts';
import type { OrganizationRole } from '../../access/roles.ts';
import { type Answer, type Person, codeOf } from '../../../test/control/app.ts';
import { type Tenants, tenants } from '../../../test/control/tenants.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Something to try: what it needs, who sees what it is about, and the request. */
interface Attempt {
  readonly needs: OrganizationAction | Capability;
  readonly sees: 'organization' | 'plant' | 'portfolio' | 'grant' | 'cooperation';
  readonly request: readonly [Method, string, object?];
  /** Makes what the request is about, as the Administrator; its id goes in for `:new`. */
  readonly fresh?: readonly [path: string, body: object];
}

/** What somebody is, in the terms of `access`. */
interface Subject {
  readonly who: Person;
  readonly inOwner: OrganizationRole | undefined;
  readonly inPartner: OrganizationRole | undefined;
  readonly standing: Standing;
}

const ACTIONS: readonly string[] = [
  'manage-members',
  'manage-leaders',
  'manage-portfolios',
  'manage-plants',
  'manage-grants',
  'manage-cooperations',
];

function isAction(needs: Attempt['needs']): needs is OrganizationAction {
  return ACTIONS.includes(needs);
}

const name = () => crypto.randomUUID();
const network = (second: number) => ({ network: `10.${second}.0.0/24` });

function attempts(world: Tenants): readonly Attempt[] {
  const organization = `/organizations/${world.sunfield}`;
  const plant = `/plants/${world.alpha}`;
  const person = (role: string) => ({ email: `${name()}@x.test`, name: 'New', role });
  const inverter = (last: number) => ({ name: name(), address: `192.168.1.${last}` });
  const members = `${organization}/members`;
  const grant = `/grants/${world.grants.operator}`;
  const cooperation = `/cooperations/${world.cooperation}`;
  return [
    { needs: 'manage-members', sees: 'organization', request: ['GET', members] },
    { needs: 'manage-members', sees: 'organization', request: ['POST', members, person('guest')] },
    { needs: 'manage-leaders', sees: 'organization', request: ['POST', members, person('moderator')] },
    {
      needs: 'manage-members',
      sees: 'organization',
      request: ['PATCH', `${members}/${world.staff.guest.id}`, { role: 'guest' }],
    },
    {
      needs: 'manage-leaders',
      sees: 'organization',
      request: ['PATCH', `${members}/${world.staff.moderator.id}`, { role: 'moderator' }],
    },
    {
      needs: 'manage-members',
      sees: 'organization',
      request: ['GET', `${members}/${world.staff.administrator.id}/access`],
    },
    {
      needs: 'manage-portfolios',
      sees: 'organization',
      request: ['POST', `${organization}/portfolios`, { name: name() }],
    },
    {
      needs: 'manage-portfolios',
      sees: 'portfolio',
      request: ['PATCH', `/portfolios/${world.south}`, { name: 'South' }],
    },
    {
      needs: 'manage-plants',
      sees: 'portfolio',
      request: ['POST', `/portfolios/${world.south}/plants`, { name: name() }],
    },
    { needs: 'manage-plants', sees: 'plant', request: ['PATCH', plant, { name: 'Alpha' }] },
    { needs: 'manage-plants', sees: 'plant', request: ['POST', `${plant}/subnets`, network(1)] },
    {
      needs: 'manage-plants',
      sees: 'plant',
      fresh: [`${plant}/subnets`, network(2)],
      request: ['DELETE', '/subnets/:new'],
    },
    { needs: 'manage-plants', sees: 'plant', request: ['POST', `${plant}/agent/enrollment-tokens`] },
    { needs: 'manage-plants', sees: 'plant', request: ['GET', `${plant}/access`] },
    {
      needs: 'manage-grants',
      sees: 'organization',
      request: [
        'POST',
        `${organization}/grants`,
        { userId: world.staff.administrator.id, plantId: world.alpha, role: 'viewer' },
      ],
    },
    { needs: 'manage-grants', sees: 'grant', request: ['PATCH', grant, { role: 'operator' }] },
    { needs: 'manage-members', sees: 'organization', request: ['GET', `${organization}/cooperations`] },
    {
      needs: 'manage-cooperations',
      sees: 'organization',
      request: ['POST', `${organization}/cooperations`, { partnerName: 'Elsewhere' }],
    },
    {
      needs: 'manage-cooperations',
      sees: 'cooperation',
      request: ['POST', `${cooperation}/shares`, { portfolioId: world.south, cap: 'viewer' }],
    },
    {
      needs: 'manage-cooperations',
      sees: 'cooperation',
      request: ['PATCH', `/shares/${world.share}`, { cap: 'technical_manager' }],
    },
    { needs: 'configure-devices', sees: 'plant', request: ['POST', `${plant}/devices`, inverter(20)] },
    { needs: 'configure-devices', sees: 'plant', request: ['PATCH', `/devices/${world.device}`, { note: 'seen' }] },
    {
      needs: 'configure-devices',
      sees: 'plant',
      fresh: [`${plant}/devices`, inverter(21)],
      request: ['DELETE', '/devices/:new'],
    },
    { needs: 'see-plant', sees: 'plant', request: ['GET', plant] },
    { needs: 'see-plant', sees: 'plant', request: ['GET', `${plant}/subnets`] },
    { needs: 'see-plant', sees: 'plant', request: ['GET', `${plant}/devices`] },
    { needs: 'see-plant', sees: 'plant', request: ['GET', `${plant}/agent`] },
    { needs: 'see-plant', sees: 'plant', request: ['GET', `${plant}/access/me`] },
  ];
}

function subjects(world: Tenants): readonly Subject[] {
  const none: Standing = { role: undefined, leadsOwner: false };
  const leading: Standing = { role: 'operator', leadsOwner: true };
  const staff = (['administrator', 'moderator', 'member', 'guest'] as const).map((role) => ({
    who: world.staff[role],
    inOwner: role,
    inPartner: undefined,
    standing: role === 'administrator' || role === 'moderator' ? leading : none,
  }));
  const holders = (['operator', 'technical_manager', 'asset_manager_commercial', 'viewer'] as const).map((role) => ({
    who: world.holders[role],
    inOwner: 'member' as const,
    inPartner: undefined,
    standing: { role, leadsOwner: false },
  }));
  const technical: Standing = { role: 'technical_manager', leadsOwner: false };
  return [
    ...staff,
    ...holders,
    { who: world.technician, inOwner: undefined, inPartner: 'member', standing: technical },
    { who: world.partner, inOwner: undefined, inPartner: 'administrator', standing: none },
    { who: world.stranger, inOwner: undefined, inPartner: undefined, standing: none },
    { who: world.root, inOwner: undefined, inPartner: undefined, standing: none },
  ];
}

function expected(world: Tenants, attempt: Attempt, subject: Subject): string {
  const { needs, sees } = attempt;
  const isAllowed = isAction(needs) ? mayAdminister(needs, subject.inOwner) : can(needs, subject.standing);
  if (isAllowed) return 'allowed';
  const seen = {
    organization: subject.inOwner !== undefined || subject.who === world.root,
    plant: can('see-plant', subject.standing),
    // The one portfolio holds the one plant.
    portfolio: can('see-plant', subject.standing),
    grant: mayAdminister('manage-grants', subject.inOwner) || subject.who === world.holders.operator,
    cooperation: subject.inOwner !== undefined || subject.inPartner !== undefined,
  };
  return seen[sees] ? 'not-allowed' : 'not-found';
}

/** Tries as the subject. What the Administrator could do before may exist already: that is a yes too. */
async function tried(world: Tenants, attempt: Attempt, { who }: Subject): Promise<string> {
  const [method, path, body] = attempt.request;
  const id = attempt.fresh === undefined ? '' : (await world.post(world.staff.administrator, ...attempt.fresh)).id;
  const answer: Answer = await world.control.call(who, method, path.replace(':new', id), body);
  if (id !== '' && answer.status >= 300) {
    await world.control.call(world.staff.administrator, 'DELETE', path.replace(':new', id));
  }
  const passed = ['already-exists', 'name-taken', 'subnet-duplicate', 'cooperation-exists'];
  return answer.status < 300 || passed.includes(codeOf(answer) ?? '') ? 'allowed' : (codeOf(answer) ?? answer.text);
}

test('ACC-2 to ACC-7: every endpoint allows whom the capability tables allow, and nobody else', async () => {
  await using world = await tenants();
  const actual: string[] = [];
  const wanted: string[] = [];
  for (const attempt of attempts(world)) {
    for (const subject of subjects(world)) {
      const line = `${attempt.request[0]} ${attempt.request[1]} by ${subject.who.email}:`;
      actual.push(`${line} ${await tried(world, attempt, subject)}`);
      wanted.push(`${line} ${expected(world, attempt, subject)}`);
    }
  }
  expect(actual).toEqual(wanted);
});

test('VPN-5: who has VPN routes is who the capability table says', async () => {
  await using world = await tenants();
  for (const { who, standing } of subjects(world)) {
    await world.certify(who);
    const plants = await world.reachOf(who);
    expect([who.email, plants]).toEqual([who.email, can('vpn-routes', standing) ? ['Alpha'] : []]);
  }
});

test('what is refused for the role says which role may, and what is for', async () => {
  await using world = await tenants();
  const { control, holders, staff, alpha, device, sunfield } = world;
  const detail = async (who: Person, method: Method, path: string, body?: object) =>
    (await control.call<{ detail: string }>(who, method, path, body)).json.detail;
  expect(await detail(holders.viewer, 'PATCH', `/devices/${device}`, {})).toContain(
    'Operator, Technical Manager or Administrator or Moderator of the owner',
  );
  expect(await detail(holders.operator, 'POST', `/plants/${alpha}/subnets`, { network: '10.0.0.0/24' })).toContain(
    'Only Administrators and Moderators of Sunfield',
  );
  const invitation = { partnerName: 'Elsewhere' };
  expect(await detail(staff.moderator, 'POST', `/organizations/${sunfield}/cooperations`, invitation)).toContain(
    'Only Administrators of Sunfield',
  );
});
