import type { JobRole, OrganizationRole } from '../../src/access/roles.ts';
import type { Deps } from '../../src/control/deps.ts';
import { newKeyPair } from '../../src/net/keys.ts';
import type { Engine } from '../postgres/database.ts';
import { type Answer, type Person, type TestControl, testControl } from './app.ts';

/**
 * An installation with an example of every role. Sunfield owns the plant Alpha in the portfolio South and has a person per
 * organization role and per job role on Alpha; Helios received Alpha up to Technical Manager, and its technician was
 * assigned it; Elsewhere has nothing to do with either. Everybody named in `reaching` holds a certificate.
 */
export interface Tenants extends AsyncDisposable {
  readonly control: TestControl;
  readonly root: Person;
  readonly sunfield: string;
  readonly helios: string;
  readonly elsewhere: string;
  readonly staff: Readonly<Record<OrganizationRole, Person>>;
  /** Members of Sunfield with a grant on Alpha. */
  readonly holders: Readonly<Record<JobRole, Person>>;
  readonly grants: Readonly<Record<JobRole, string>>;
  readonly partner: Person;
  readonly technician: Person;
  readonly stranger: Person;
  readonly south: string;
  readonly alpha: string;
  readonly subnet: string;
  readonly device: string;
  readonly cooperation: string;
  readonly share: string;
  readonly assignment: string;
  /** Posts, expects success, returns the answer's body. */
  post(who: Person, path: string, body?: object): Promise<{ id: string }>;
  /** Issues a certificate to somebody. */
  certify(who: Person): Promise<void>;
  /** Names of the plants in somebody's `reach`, in order. */
  reachOf(who: Person): Promise<string[]>;
  /** Everything that a refusal must leave as it is: the revision and the rows of every tenant's table. */
  everything(): Promise<string>;
}

export async function tenants(engine: Engine = 'embedded', more: Partial<Deps> = {}): Promise<Tenants> {
  const control = await testControl(engine, more);
  const { db } = control.deps;
  const post = async (who: Person, path: string, body: object = {}) =>
    created(await control.call<{ id: string }>(who, 'POST', path, body));
  const person = (name: string) => control.person(`${name}@x.test`);
  await addSlot(control);

  const root = await control.person('root@x.test', { platformAdministrator: true });
  const organization = async (name: string, administrator: Person) =>
    (await post(root, '/organizations', { name, administratorEmail: administrator.email, administratorName: name })).id;
  const [administrator, partner, stranger] = [
    await person('administrator'),
    await person('partner'),
    await person('stranger'),
  ];
  const sunfield = await organization('Sunfield', administrator);
  const helios = await organization('Helios', partner);
  const elsewhere = await organization('Elsewhere', stranger);
  const member = async (by: Person, organizationId: string, name: string, role: OrganizationRole) => {
    const made = await person(name);
    await post(by, `/organizations/${organizationId}/members`, { email: made.email, name, role });
    return made;
  };

  const south = (await post(administrator, `/organizations/${sunfield}/portfolios`, { name: 'South' })).id;
  const alpha = (await post(administrator, `/portfolios/${south}/plants`, { name: 'Alpha' })).id;
  const subnet = (await post(administrator, `/plants/${alpha}/subnets`, { network: '192.168.1.0/24' })).id;
  const inverter = { name: 'Inverter', address: '192.168.1.10' };
  const device = (await post(administrator, `/plants/${alpha}/devices`, inverter)).id;

  const holders = {
    operator: await member(administrator, sunfield, 'operator', 'member'),
    technical_manager: await member(administrator, sunfield, 'technical_manager', 'member'),
    asset_manager_commercial: await member(administrator, sunfield, 'asset_manager_commercial', 'member'),
    viewer: await member(administrator, sunfield, 'viewer', 'member'),
  };
  const grant = async (role: JobRole) => {
    const body = { userId: holders[role].id, plantId: alpha, role };
    return (await post(administrator, `/organizations/${sunfield}/grants`, body)).id;
  };
  const grants = {
    operator: await grant('operator'),
    technical_manager: await grant('technical_manager'),
    asset_manager_commercial: await grant('asset_manager_commercial'),
    viewer: await grant('viewer'),
  };

  const technician = await member(partner, helios, 'technician', 'member');
  const cooperation = (await post(administrator, `/organizations/${sunfield}/cooperations`, { partnerName: 'Helios' }))
    .id;
  await post(partner, `/cooperations/${cooperation}/accept`);
  const share = (
    await post(administrator, `/cooperations/${cooperation}/shares`, { plantId: alpha, cap: 'technical_manager' })
  ).id;
  const assignment = (
    await post(partner, `/shares/${share}/assignments`, { userId: technician.id, role: 'technical_manager' })
  ).id;

  return {
    control,
    root,
    sunfield,
    helios,
    elsewhere,
    staff: {
      administrator,
      moderator: await member(administrator, sunfield, 'moderator', 'moderator'),
      member: await member(administrator, sunfield, 'member', 'member'),
      guest: await member(administrator, sunfield, 'guest', 'guest'),
    },
    holders,
    grants,
    partner,
    technician,
    stranger,
    south,
    alpha,
    subnet,
    device,
    cooperation,
    share,
    assignment,
    post,
    certify: async (who) => {
      const { publicKey } = newKeyPair('x25519');
      created(await control.call(who, 'POST', '/certificate', { publicKey, profile: 'full' }));
    },
    reachOf: async (who) => {
      const rows = await db
        .selectFrom('reach as r')
        .innerJoin('plants as p', 'p.no', 'r.plant_no')
        .select('p.name')
        .where('r.user_id', '=', who.id)
        .orderBy('p.name')
        .execute();
      return rows.map(({ name }) => name);
    },
    everything: () => contents(control),
    [Symbol.asyncDispose]: () => control[Symbol.asyncDispose](),
  };
}

/** The body of an answer that must be a success. */
export function created<T>(answer: Answer<T>): T {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json;
}

const TABLES = [
  'revision',
  'changes',
  'users',
  'organizations',
  'memberships',
  'invitations',
  'portfolios',
  'plants',
  'subnets',
  'released',
  'devices',
  'grants',
  'cooperations',
  'shares',
  'assignments',
  'certificates',
  'reach',
] as const;

async function contents({ deps: { db } }: TestControl): Promise<string> {
  const rows = await Promise.all(TABLES.map((table) => db.selectFrom(table).selectAll().execute()));
  return rows
    .map(
      (each, index) =>
        `${TABLES[index]}\n${each
          .map((row) => JSON.stringify(row))
          .sort()
          .join('\n')}`,
    )
    .join('\n');
}

async function addSlot({ deps: { db } }: TestControl): Promise<void> {
  const slot = { no: 1, address: '203.0.113.1', port: 51820, users: '100.64.0.0/16' };
  const { publicKey } = newKeyPair('x25519');
  await db
    .insertInto('slots')
    .values({ ...slot, public_key: publicKey, sealed_key: '' })
    .execute();
}
