import type { Api } from '../../cli/client.ts';
import { enrollmentTokenSchema } from '../../wire/rest/agents.ts';
import { deviceSchema } from '../../wire/rest/devices.ts';
import { grantSchema } from '../../wire/rest/grants.ts';
import { memberSchema, newMemberSchema } from '../../wire/rest/members.ts';
import { newOrganizationSchema, organizationSchema } from '../../wire/rest/organizations.ts';
import { plantSchema } from '../../wire/rest/plants.ts';
import { portfolioSchema } from '../../wire/rest/portfolios.ts';
import { subnetSchema } from '../../wire/rest/subnets.ts';
import { accept, ensure, signIn } from './api.ts';
import { type Account, ACCOUNTS, type Plant, PLANTS, PORTFOLIOS } from './installation.ts';

/** An organization of the lab with its administrator signed in, and ids by the names of `installation.ts`. */
export interface Seeded {
  readonly id: string;
  readonly administrator: Api;
  readonly users: Map<string, string>;
  readonly portfolios: Map<string, string>;
  /** By slug. */
  readonly plants: Map<string, string>;
}

/** Signs the administrator of an organization in, after making both where they are missing. */
export async function openOrganization(
  url: string,
  platform: Api,
  name: string,
  passwords: Record<string, string>,
): Promise<Seeded> {
  const first = ACCOUNTS.find((account) => account.organization === name && account.role === 'administrator');
  if (first === undefined) throw new Error(`${name} has no administrator`);
  const password = passwords[first.email] ?? '';
  const known = (await platform.list('/organizations', organizationSchema)).value.find(
    (organization) => organization.name === name,
  );
  const empty = {
    users: new Map<string, string>(),
    portfolios: new Map<string, string>(),
    plants: new Map<string, string>(),
  };
  if (known !== undefined) return { ...empty, id: known.id, administrator: await signIn(url, first.email, password) };
  const body = { name, administratorEmail: first.email, administratorName: first.name };
  const { value: made } = await platform.send('POST', '/organizations', body, newOrganizationSchema);
  return { ...empty, id: made.id, administrator: await accept(url, made.invitationToken ?? '', first.name, password) };
}

/** Makes the members, portfolios, plants and grants of an organization. */
export async function seedOrganization(
  url: string,
  name: string,
  organization: Seeded,
  passwords: Record<string, string>,
): Promise<void> {
  const { administrator, id } = organization;
  for (const portfolio of PORTFOLIOS.filter((one) => one.organization === name)) {
    const body = { name: portfolio.name };
    const made = await ensure(
      administrator,
      `/organizations/${id}/portfolios`,
      portfolioSchema,
      (p) => p.name === portfolio.name,
      body,
    );
    organization.portfolios.set(portfolio.name, made.id);
  }
  for (const plant of PLANTS.filter((one) => one.organization === name)) await seedPlant(organization, plant);
  const accounts = ACCOUNTS.filter((one) => one.organization === name);
  await seedMembers(url, organization, accounts, passwords);
  for (const account of accounts) await seedGrant(organization, account);
}

/** An enrolment token for each agent that is to be enrolled and is not. */
export async function agentTokens(organization: Seeded): Promise<Map<string, string>> {
  const { value } = await organization.administrator.list('/plants', plantSchema);
  const tokens = new Map<string, string>();
  for (const { slug, enrolled } of PLANTS) {
    const plant = value.find((one) => one.id === organization.plants.get(slug));
    if (!enrolled || plant === undefined || plant.agent === 'connected' || plant.agent === 'disconnected') continue;
    const path = `/plants/${plant.id}/agent/enrollment-tokens`;
    tokens.set(
      slug,
      (await organization.administrator.send('POST', path, undefined, enrollmentTokenSchema)).value.token,
    );
  }
  return tokens;
}

async function seedPlant(organization: Seeded, plant: Plant): Promise<void> {
  const { administrator, portfolios, plants } = organization;
  const { value: known } = await administrator.list('/plants', plantSchema);
  const path = `/portfolios/${portfolios.get(plant.portfolio)}/plants`;
  const made =
    known.find(({ name }) => name === plant.name) ??
    (await administrator.send('POST', path, { name: plant.name }, plantSchema)).value;
  plants.set(plant.slug, made.id);
  for (const { network } of plant.subnets)
    await ensure(administrator, `/plants/${made.id}/subnets`, subnetSchema, (subnet) => subnet.network === network, {
      network,
    });
  for (const device of plant.devices)
    await ensure(
      administrator,
      `/plants/${made.id}/devices`,
      deviceSchema,
      ({ address }) => address === device.address,
      device,
    );
}

async function seedMembers(
  url: string,
  organization: Seeded,
  accounts: readonly Account[],
  passwords: Record<string, string>,
) {
  const path = `/organizations/${organization.id}/members`;
  for (const { userId, email } of (await organization.administrator.list(path, memberSchema)).value)
    organization.users.set(email, userId);
  for (const { email, name, role } of accounts.filter((account) => !organization.users.has(account.email))) {
    const { value } = await organization.administrator.send('POST', path, { email, name, role }, newMemberSchema);
    organization.users.set(email, value.userId);
    if (value.invitationToken !== undefined) await accept(url, value.invitationToken, name, passwords[email] ?? '');
  }
}

async function seedGrant(
  { id, administrator, users, portfolios, plants }: Seeded,
  { email, grant }: Account,
): Promise<void> {
  if (grant === undefined) return;
  const on =
    'plant' in grant.on ? { plantId: plants.get(grant.on.plant) } : { portfolioId: portfolios.get(grant.on.portfolio) };
  const body = { userId: users.get(email), ...on, role: grant.role };
  await ensure(administrator, `/organizations/${id}/grants`, grantSchema, ({ user }) => user.email === email, body);
}
