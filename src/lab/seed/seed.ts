import type { Api } from '../../cli/client.ts';
import { type DaemonDeps, giveToken } from '../daemons.ts';
import type { Hosts } from '../hosts.ts';
import { signIn } from './api.ts';
import { seedCooperations } from './cooperations.ts';
import { ORGANIZATIONS, PLATFORM_ACCOUNT } from './installation.ts';
import { agentTokens, openOrganization, type Seeded, seedOrganization } from './organizations.ts';
import { seedPlatform } from './platform.ts';

/** The platform administrator, and an administrator of every organization that owns plants, signed in. */
export interface Apis {
  readonly platform: Api;
  readonly administrators: readonly Api[];
}

export interface Seeding {
  readonly deps: DaemonDeps;
  readonly hosts: Hosts;
  readonly gateways: readonly string[];
  readonly say: (line: string) => void;
}

/** Fills the installation through its API, and starts each gateway and agent as soon as it can enrol. */
export async function seed({ deps: { places, secrets, url }, hosts, gateways, say }: Seeding): Promise<Apis> {
  const platform = await signIn(url, PLATFORM_ACCOUNT.email, secrets.accounts[PLATFORM_ACCOUNT.email] ?? '');
  say(`gateways ${gateways.join(', ')}`);
  for (const [name, token] of await seedPlatform(platform, gateways)) await giveToken(places, name, token);
  await Promise.all(gateways.map((name) => hosts.run(name)));
  const organizations = new Map<string, Seeded>();
  for (const name of ORGANIZATIONS) {
    say(`organization ${name}`);
    const organization = await openOrganization(url, platform, name, secrets.accounts);
    organizations.set(name, organization);
    await seedOrganization(url, name, organization, secrets.accounts);
    for (const [slug, token] of await agentTokens(organization)) await giveToken(places, `plant-${slug}`, token);
    await Promise.all([...organization.plants.keys()].map((slug) => hosts.run(`plant-${slug}`)));
  }
  say('cooperations');
  await seedCooperations(organizations);
  const owners = [...organizations.values()].filter(({ plants }) => plants.size > 0);
  return { platform, administrators: owners.map(({ administrator }) => administrator) };
}
