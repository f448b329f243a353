import { Command } from 'commander';
import { z } from 'zod';
import { newOrganizationSchema, organizationSchema } from '../../wire/rest/organizations.ts';
import { connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, removeAt, removing, showTable, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { organizationId } from '../names.ts';
import { NONE } from '../table.ts';
import { sayInvitation } from './members.ts';

interface Administrator extends Changing {
  readonly administrator: string;
  readonly administratorName: string;
}

/** `parkway organizations …`. */
export function organizationsCommand(context: Context): Command {
  const noun = new Command('organizations').description(
    'Organizations you belong to, or run as platform administrator.',
  );
  verb(noun, 'list', 'those you see', 'organizations')
    .option('--all', 'every one of the installation, for platform administrators')
    .action((options: Common & { all?: true }) => list(context, options));
  changing(
    noun,
    'add <name>',
    'make one, as platform administrator',
    'organizations add Sunfield --administrator a@sunfield.example --administrator-name "Ada"',
  )
    .requiredOption('--administrator <email>', 'its first Administrator, who is invited')
    .requiredOption('--administrator-name <name>', 'how they are called')
    .action((name: string, options: Administrator) => add(context, name, options));
  changing(
    noun,
    'rename <organization> <name>',
    'give it another name',
    'organizations rename Sunfield "Sunfield Energy"',
  ).action((text: string, name: string, options: Changing) => rename(context, text, name, options));
  removing(noun, 'remove <organization>', 'delete it with all it owns', 'organizations remove Sunfield').action(
    (text: string, options: Changing) =>
      removeAt(context, options, async (api) => `/organizations/${await organizationId(api, text)}`, {
        question: `Delete the organization ${text} with all its plants, grants and cooperations?`,
        done: `${text} is deleted.`,
      }),
  );
  return noun;
}

async function list(context: Context, options: Common & { all?: true }): Promise<void> {
  const api = await connect(context);
  const answer = await api.list(options.all ? '/platform/organizations' : '/organizations', organizationSchema);
  showTable(context, options, answer, 'You see no organization.', (organizations) => ({
    columns: ['organization', 'your role', 'id'],
    rows: organizations.map(({ name, role, id }) => [name, role ?? NONE, id]),
  }));
}

async function add(context: Context, name: string, options: Administrator): Promise<void> {
  const api = await connect(context);
  const body = { name, administratorEmail: options.administrator, administratorName: options.administratorName };
  const answer = await api.send('POST', '/organizations', body, newOrganizationSchema);
  await conclude(
    context,
    api,
    options,
    answer,
    (made) =>
      `Organization ${made.name} has the id ${made.id}.\n${sayInvitation(options.administrator, made.invitationToken, made.mailed)}`,
  );
}

async function rename(context: Context, text: string, name: string, options: Changing): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, text)}`;
  await conclude(context, api, options, await api.send('PATCH', path, { name }, z.unknown()), () => 'Renamed.\n');
}
