import { Command } from 'commander';
import { z } from 'zod';
import { memberAccessSchema } from '../../wire/rest/access.ts';
import { memberSchema, newMemberSchema } from '../../wire/rest/members.ts';
import { organizationRoleSchema } from '../../wire/rest/roles.ts';
import { meSchema } from '../../wire/rest/sessions.ts';
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
import { isId, organizationId, userId } from '../names.ts';
import { sourceRows } from './plants.ts';

const role = () =>
  wordOption('--role <role>', 'role in the organization', organizationRoleSchema.options).makeOptionMandatory();

interface Invite extends Changing, OfOrganization {
  readonly name: string;
  readonly role: string;
}

/** `parkway members …`: the people of an organization and their roles in it (ACC-2). */
export function membersCommand(context: Context): Command {
  const noun = new Command('members').description('Members of an organization (ACC-2).');
  ofOrganization(verb(noun, 'list', 'all of an organization', 'members --organization Sunfield')).action(
    (options: Common & OfOrganization) => list(context, options),
  );
  ofOrganization(
    changing(noun, 'add <email>', 'invite somebody', 'members add eve@sunfield.example --name Eve --role member'),
  )
    .requiredOption('--name <name>', 'how they are called')
    .addOption(role())
    .action((email: string, options: Invite) => add(context, email, options));
  ofOrganization(
    changing(noun, 'role <member>', 'change the role', 'members role eve@sunfield.example --role moderator'),
  )
    .addOption(role())
    .action((text: string, options: Invite) => changeRole(context, text, options));
  ofOrganization(
    removing(noun, 'remove <member>', 'take them out, with their grants', 'members remove eve@sunfield.example'),
  ).action((text: string, options: Changing & OfOrganization) =>
    removeAt(context, options, (api) => memberPath(api, text, options), {
      question: `Take ${text} out of the organization? What they reach by it ends at once.`,
      done: `${text} is no longer a member.`,
    }),
  );
  ofOrganization(
    verb(noun, 'access <member>', 'which plants they reach, and why', 'members access eve@sunfield.example'),
  ).action((text: string, options: Common & OfOrganization) => access(context, text, options));
  return noun;
}

/** `parkway users …`: accounts as such (ACC-9). */
export function usersCommand(context: Context): Command {
  const noun = new Command('users').description('Accounts.');
  ofOrganization(
    removing(
      noun,
      'remove <user>',
      'delete an account, your own being "me"; access ends at once (ACC-9)',
      'users remove eve@sunfield.example',
    ),
  ).action((text: string, options: Changing & OfOrganization) =>
    removeAt(context, options, async (api) => `/users/${await accountId(api, text, options)}`, {
      question: `Delete the account ${text}? All its access ends at once.`,
      done: 'The account is deleted.',
    }),
  );
  return noun;
}

/** What to tell about an invitation; an account that exists needs none. */
export function sayInvitation(email: string, token: string | undefined, mailed: boolean): string {
  if (mailed) return `${email} gets an invitation by mail, valid for 7 days.\n`;
  if (token === undefined) return `${email} has an account and can sign in.\n`;
  return `Invitation token for ${email}, valid for 7 days and shown once:\n${token}\nThey accept it with 'parkway join'.\n`;
}

async function list(context: Context, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/members`;
  showTable(context, options, await api.list(path, memberSchema), 'There are no members to see.', (members) => ({
    columns: ['name', 'email', 'role', 'state', 'id'],
    rows: members.map((one) => [one.name, one.email, one.role, one.invited ? 'invited' : 'joined', one.userId]),
  }));
}

async function add(context: Context, email: string, options: Invite): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/members`;
  const body = { email, name: options.name, role: options.role };
  const answer = await api.send('POST', path, body, newMemberSchema);
  await conclude(context, api, options, answer, (made) => sayInvitation(email, made.invitationToken, made.mailed));
}

async function changeRole(context: Context, text: string, options: Invite): Promise<void> {
  const api = await connect(context);
  const path = await memberPath(api, text, options);
  const answer = await api.send('PATCH', path, { role: options.role }, z.unknown());
  await conclude(context, api, options, answer, () => `${text} is ${options.role} now.\n`);
}

async function access(context: Context, text: string, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const answer = await api.list(`${await memberPath(api, text, options)}/access`, memberAccessSchema);
  showTable(context, options, answer, 'They have a role on no plant.', (plants) => ({
    columns: ['plant', 'role', 'gives', 'because'],
    grouped: 2,
    rows: plants.flatMap((one) => sourceRows(one.plant.name, one)),
  }));
}

async function memberPath(api: Api, text: string, options: OfOrganization): Promise<string> {
  const organization = await organizationId(api, options.organization);
  return `/organizations/${organization}/members/${await userId(api, organization, text)}`;
}

async function accountId(api: Api, text: string, options: OfOrganization): Promise<string> {
  if (isId(text)) return text;
  const { value } = await api.get('/me', meSchema);
  if (text === 'me' || text.toLowerCase() === value.user.email.toLowerCase()) return value.user.id;
  return userId(api, await organizationId(api, options.organization), text);
}
