import { Command } from 'commander';
import { z } from 'zod';
import { portfolioSchema } from '../../wire/rest/portfolios.ts';
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
  showTable,
  verb,
} from '../command.ts';
import type { Context } from '../context.ts';
import { organizationId, portfolioId } from '../names.ts';

/** `parkway portfolios …`: the groups that hold an organization's plants (ACC-1). */
export function portfoliosCommand(context: Context): Command {
  const noun = new Command('portfolios').description('Portfolios: the groups of plants of an organization (ACC-1).');
  ofOrganization(verb(noun, 'list', 'all of an organization', 'portfolios --organization Sunfield')).action(
    (options: Common & OfOrganization) => list(context, options),
  );
  ofOrganization(changing(noun, 'add <name>', 'make one', 'portfolios add South')).action(
    (name: string, options: Changing & OfOrganization) => add(context, name, options),
  );
  ofOrganization(
    changing(noun, 'rename <portfolio> <name>', 'give it another name', 'portfolios rename South Bavaria'),
  ).action((text: string, name: string, options: Changing & OfOrganization) => rename(context, text, name, options));
  ofOrganization(removing(noun, 'remove <portfolio>', 'delete it with its plants', 'portfolios remove South')).action(
    (text: string, options: Changing & OfOrganization) =>
      removeAt(context, options, async (api) => `/portfolios/${await portfolioId(api, options.organization, text)}`, {
        question: `Delete ${text} with all its plants?`,
        done: `${text} is deleted.`,
      }),
  );
  return noun;
}

async function list(context: Context, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/portfolios`;
  showTable(context, options, await api.list(path, portfolioSchema), 'There are no portfolios.', (portfolios) => ({
    columns: ['portfolio', 'id'],
    rows: portfolios.map(({ name, id }) => [name, id]),
  }));
}

async function add(context: Context, name: string, options: Changing & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/portfolios`;
  const answer = await api.send('POST', path, { name }, portfolioSchema);
  await conclude(context, api, options, answer, (made) => `Portfolio ${made.name} has the id ${made.id}.\n`);
}

async function rename(context: Context, text: string, name: string, options: Changing & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/portfolios/${await portfolioId(api, options.organization, text)}`;
  await conclude(context, api, options, await api.send('PATCH', path, { name }, z.unknown()), () => 'Renamed.\n');
}
