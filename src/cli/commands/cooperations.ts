import { Command } from 'commander';
import { type CooperationJson, cooperationSchema } from '../../wire/rest/cooperations.ts';
import { type Api, connect } from '../client.ts';
import {
  type Changing,
  type Common,
  type OfOrganization,
  changing,
  conclude,
  confirm,
  ofOrganization,
  removing,
  show,
  showTable,
  verb,
} from '../command.ts';
import type { Context } from '../context.ts';
import { cooperationNamed, isId, organizationId } from '../names.ts';
import { formatThing } from '../table.ts';
import { addAssignmentVerbs } from './assignments.ts';
import { addShareVerbs } from './shares.ts';

/** `parkway cooperations …`: links between two organizations, what is shared in them and who it is assigned to (ACC-5). */
export function cooperationsCommand(context: Context): Command {
  const noun = new Command('cooperations').description(
    "Cooperations with other organizations (ACC-5). One is named by its id or by the other organization's name.",
  );
  ofOrganization(verb(noun, 'list', 'all of an organization', 'cooperations --organization Sunfield')).action(
    (options: Common & OfOrganization) => list(context, options),
  );
  ofOrganization(verb(noun, 'show <cooperation>', 'one of them', 'cooperations show "Nord Service"')).action(
    (text: string, options: Common & OfOrganization) => showOne(context, text, options),
  );
  ofOrganization(
    changing(noun, 'invite <partner>', 'offer one, by id or exact name', 'cooperations invite "Nord Service"'),
  ).action((partner: string, options: Changing & OfOrganization) => invite(context, partner, options));
  for (const [name, summary, add, question] of [
    ['accept', 'accept an offer', changing, undefined],
    [
      'pause',
      'pause it: it gives nothing until resumed',
      removing,
      'Pause it? What the partner reaches by it ends at once.',
    ],
    ['resume', 'resume it', changing, undefined],
    ['end', 'end it for good', removing, 'End it for good? What the partner reaches by it ends at once.'],
  ] as const) {
    ofOrganization(add(noun, `${name} <cooperation>`, summary, `cooperations ${name} "Nord Service"`)).action(
      (text: string, options: Changing & OfOrganization) => act(context, text, name, question, options),
    );
  }
  addShareVerbs(noun, context);
  addAssignmentVerbs(noun, context);
  return noun;
}

async function list(context: Context, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/cooperations`;
  showTable(context, options, await api.list(path, cooperationSchema), 'There are no cooperations.', (all) => ({
    columns: ['owner', 'partner', 'status', 'since', 'id'],
    colors: { active: 'green', pending: 'yellow', paused: 'yellow' },
    rows: all.map((one) => [one.owner.name, one.partner.name, one.status, one.statusSince, one.id]),
  }));
}

async function showOne(context: Context, text: string, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const id = await cooperationId(api, text, options);
  show(context, options, await api.get(`/cooperations/${id}`, cooperationSchema), (one) =>
    formatThing([
      ['Owner', one.owner.name],
      ['Partner', one.partner.name],
      ['Status', `${one.status}, since ${one.statusSince}`],
      ['Id', one.id],
    ]),
  );
}

async function invite(context: Context, partner: string, options: Changing & OfOrganization): Promise<void> {
  const api = await connect(context);
  const path = `/organizations/${await organizationId(api, options.organization)}/cooperations`;
  const body = isId(partner) ? { partnerId: partner } : { partnerName: partner };
  const answer = await api.send('POST', path, body, cooperationSchema);
  await conclude(context, api, options, answer, sentence);
}

async function act(
  context: Context,
  text: string,
  action: string,
  question: string | undefined,
  options: Changing & OfOrganization,
): Promise<void> {
  const api = await connect(context);
  const id = await cooperationId(api, text, options);
  if (question !== undefined) await confirm(context, options, question);
  const answer = await api.send('POST', `/cooperations/${id}/${action}`, undefined, cooperationSchema);
  await conclude(context, api, options, answer, sentence);
}

async function cooperationId(api: Api, text: string, options: OfOrganization): Promise<string> {
  return isId(text) ? text : (await cooperationNamed(api, options.organization, text)).id;
}

function sentence(one: CooperationJson): string {
  return `The cooperation of ${one.owner.name} with ${one.partner.name} is ${one.status}. Its id is ${one.id}\n`;
}
