import { Command } from 'commander';
import { z } from 'zod';
import { type GrantJson, grantSchema } from '../../wire/rest/grants.ts';
import { jobRoleSchema } from '../../wire/rest/roles.ts';
import { type Api, connect } from '../client.ts';
import {
  type Changing,
  type Common,
  type OfOrganization,
  changing,
  conclude,
  ofOrganization,
  removeAt,
  removing,
  showTable,
  verb,
  wordOption,
} from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, wrongUsage } from '../failures.ts';
import { organizationId, plantNamed, portfolioId, userId } from '../names.ts';
import { NONE } from '../table.ts';

interface Target extends OfOrganization {
  readonly plant?: string;
  readonly portfolio?: string;
}

interface Who extends Changing, Target {
  readonly user?: string;
  readonly role?: string;
}

const role = () => wordOption('--role <role>', 'job role', jobRoleSchema.options).makeOptionMandatory();

/** `parkway grants …`: job roles of members on plants and portfolios (ACC-3). */
export function grantsCommand(context: Context): Command {
  const noun = new Command('grants').description('Job roles of members on plants and portfolios (ACC-3).');
  ofOrganization(verb(noun, 'list', 'all of an organization', 'grants --organization Sunfield')).action(
    (options: Common & OfOrganization) => list(context, options),
  );
  onTarget(
    changing(noun, 'add', 'give a role', 'grants add --user eve@sunfield.example --plant Sonnfeld --role operator'),
  )
    .requiredOption('--user <user>', 'the member, by email address, name or id')
    .addOption(role())
    .action((options: Who & { user: string }) => add(context, options));
  byUser(
    changing(
      noun,
      'role [grant]',
      'change the role',
      'grants role --user eve@sunfield.example --plant Sonnfeld --role viewer',
    ),
  )
    .addOption(role())
    .action((id: string | undefined, options: Who) => changeRole(context, id, options));
  byUser(
    removing(noun, 'remove [grant]', 'take it away', 'grants remove --user eve@sunfield.example --plant Sonnfeld'),
  ).action((id: string | undefined, options: Who) =>
    removeAt(context, options, async (api) => `/grants/${await grantId(api, id, options)}`, {
      question: 'Take this role away? Connections that stand on it end at once.',
      done: 'The role is taken away.',
    }),
  );
  return noun;
}

/** Adds the options that name a plant or a portfolio. */
export function onTarget(command: Command): Command {
  return ofOrganization(command)
    .option('--plant <plant>', 'the plant, by name or id')
    .option('--portfolio <portfolio>', 'the portfolio, by name or id; covers plants added later');
}

/** The organization and the plant or portfolio that the options of `onTarget` name. Throws Failure (usage) unless it is one of them. */
export async function targetOf(
  api: Api,
  options: Target,
): Promise<{ organization: string; body: { plantId: string } | { portfolioId: string } }> {
  const { plant: plantText, portfolio: portfolioText } = options;
  if (plantText !== undefined && portfolioText === undefined) {
    const plant = await plantNamed(api, plantText);
    return { organization: plant.organization.id, body: { plantId: plant.id } };
  }
  if (portfolioText !== undefined && plantText === undefined) {
    const organization = await organizationId(api, options.organization);
    return { organization, body: { portfolioId: await portfolioId(api, organization, portfolioText) } };
  }
  throw wrongUsage('Give either --plant or --portfolio.');
}

function byUser(command: Command): Command {
  return onTarget(command).option('--user <user>', 'the member, instead of the id of the grant');
}

async function list(context: Context, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/grants`;
  showTable(context, options, await api.list(path, grantSchema), 'There are no grants.', (grants) => ({
    columns: ['member', 'role', 'plant', 'portfolio', 'id'],
    grouped: 1,
    rows: grants.map((one) => [one.user.email, one.role, one.plant?.name ?? NONE, one.portfolio?.name ?? NONE, one.id]),
  }));
}

async function add(context: Context, options: Who & { user: string }): Promise<void> {
  const api = await connect(context);
  const { organization, body } = await targetOf(api, options);
  const user = await userId(api, organization, options.user);
  const path = `/organizations/${organization}/grants`;
  const answer = await api.send('POST', path, { userId: user, ...body, role: options.role }, grantSchema);
  await conclude(context, api, options, answer, sentence);
}

async function changeRole(context: Context, id: string | undefined, options: Who): Promise<void> {
  const api = await connect(context);
  const path = `/grants/${await grantId(api, id, options)}`;
  const answer = await api.send('PATCH', path, { role: options.role }, z.unknown());
  await conclude(context, api, options, answer, () => `The role is ${options.role} now.\n`);
}

/** A grant by its id, else by member and plant or portfolio. */
async function grantId(api: Api, id: string | undefined, options: Who): Promise<string> {
  if (id !== undefined) return id;
  if (options.user === undefined) throw wrongUsage('Give the id of the grant, or --user with --plant or --portfolio.');
  const { organization, body } = await targetOf(api, options);
  const user = await userId(api, organization, options.user);
  const { value } = await api.list(`/organizations/${organization}/grants`, grantSchema);
  const on = Object.values(body)[0];
  const found = value.find((one) => one.user.id === user && (one.plant ?? one.portfolio)?.id === on);
  if (found === undefined) throw new Failure(EXIT.refused, "There is no such grant. 'parkway grants' lists them.");
  return found.id;
}

function sentence(grant: GrantJson): string {
  return `${grant.user.email} is ${grant.role} on ${(grant.plant ?? grant.portfolio)?.name ?? NONE}. Grant ${grant.id}\n`;
}
