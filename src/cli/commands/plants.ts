import { Command } from 'commander';
import { z } from 'zod';
import {
  type MemberAccessJson,
  type OwnAccessJson,
  ownAccessSchema,
  plantAccessSchema,
} from '../../wire/rest/access.ts';
import { plantSchema } from '../../wire/rest/plants.ts';
import { connect } from '../client.ts';
import {
  type Changing,
  type Common,
  type OfOrganization,
  changing,
  conclude,
  ofOrganization,
  removeAt,
  removing,
  show,
  showTable,
  verb,
} from '../command.ts';
import type { Context } from '../context.ts';
import { plantId, plantNamed, portfolioId } from '../names.ts';
import { formatTable, formatThing } from '../table.ts';

interface Edit extends Changing {
  readonly name?: string;
  readonly portfolio?: string;
}

/** `parkway plants …`. */
export function plantsCommand(context: Context): Command {
  const noun = new Command('plants').description('Plants: those you may see, and those you manage.');
  verb(noun, 'list', 'all you may see', 'plants').action((options: Common) => list(context, options));
  verb(noun, 'show <plant>', 'one of them', 'plants show Sonnfeld').action((text: string, options: Common) =>
    showOne(context, text, options),
  );
  ofOrganization(
    changing(noun, 'add <portfolio> <name>', 'make one in a portfolio', 'plants add South Sonnfeld'),
  ).action((portfolio: string, name: string, options: Changing & OfOrganization) =>
    add(context, portfolio, name, options),
  );
  changing(noun, 'edit <plant>', 'rename it, or move it to another portfolio', 'plants edit Sonnfeld --portfolio North')
    .option('--name <name>', 'its new name')
    .option('--portfolio <portfolio>', 'its new portfolio')
    .action((text: string, options: Edit) => edit(context, text, options));
  removing(noun, 'remove <plant>', 'delete it with its subnets, devices and grants', 'plants remove Sonnfeld').action(
    (text: string, options: Changing) =>
      removeAt(context, options, async (api) => `/plants/${await plantId(api, text)}`, {
        question: `Delete ${text} with its subnets, devices and grants?`,
        done: `${text} is deleted.`,
      }),
  );
  verb(noun, 'access <plant>', 'who reaches it, and why (ACC-6)', 'plants access Sonnfeld --mine')
    .option('--mine', 'your own role only')
    .action((text: string, options: Common & { mine?: true }) => access(context, text, options));
  return noun;
}

/** Rows of "who has which role here, and why": a line per source. */
export function sourceRows(about: string, access: OwnAccessJson | MemberAccessJson): string[][] {
  return access.sources.map((source) => [about, access.role, source.role, source.sentence]);
}

async function list(context: Context, options: Common): Promise<void> {
  const api = await connect(context);
  showTable(context, options, await api.list('/plants', plantSchema), 'There are no plants to see.', (plants) => ({
    columns: ['organization', 'portfolio', 'plant', 'your role', 'agent', 'id'],
    grouped: 2,
    colors: { connected: 'green', disconnected: 'red', none: 'yellow', waiting: 'yellow' },
    rows: plants.map(({ organization, portfolio, name, role, agent, id }) => [
      organization.name,
      portfolio.name,
      name,
      role,
      agent,
      id,
    ]),
  }));
}

async function showOne(context: Context, text: string, options: Common): Promise<void> {
  const api = await connect(context);
  const answer = await api.get(`/plants/${await plantId(api, text)}`, plantSchema);
  show(context, options, answer, (plant) =>
    formatThing([
      ['Plant', plant.name],
      ['Id', plant.id],
      ['Organization', plant.organization.name],
      ['Portfolio', plant.portfolio.name],
      ['Your role', plant.role],
      ['Agent', plant.agent],
    ]),
  );
}

async function add(
  context: Context,
  portfolio: string,
  name: string,
  options: Changing & OfOrganization,
): Promise<void> {
  const api = await connect(context);
  const parent = await portfolioId(api, options.organization, portfolio);
  const answer = await api.send('POST', `/portfolios/${parent}/plants`, { name }, plantSchema);
  await conclude(context, api, options, answer, (plant) => `Plant ${plant.name} has the id ${plant.id}.\n`);
}

async function edit(context: Context, text: string, options: Edit): Promise<void> {
  const api = await connect(context);
  const { id, organization } = await plantNamed(api, text);
  const body = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.portfolio === undefined
      ? {}
      : { portfolioId: await portfolioId(api, organization.id, options.portfolio) }),
  };
  await conclude(
    context,
    api,
    options,
    await api.send('PATCH', `/plants/${id}`, body, z.unknown()),
    () => 'Changed.\n',
  );
}

async function access(context: Context, text: string, options: Common & { mine?: true }): Promise<void> {
  const api = await connect(context);
  const path = `/plants/${await plantId(api, text)}/access`;
  const columns = ['person', 'role', 'gives', 'because'];
  if (options.mine) {
    show(context, options, await api.get(`${path}/me`, ownAccessSchema), (own) =>
      formatTable({ columns, rows: sourceRows('you', own), grouped: 2 }, context.terminal.colors),
    );
    return;
  }
  showTable(context, options, await api.list(path, plantAccessSchema), 'Nobody has a role on it.', (people) => ({
    columns,
    grouped: 2,
    rows: people.flatMap((one) => sourceRows(one.user.email, one)),
  }));
}
