import type { Command } from 'commander';
import { z } from 'zod';
import { assignmentSchema, shareSchema } from '../../wire/rest/cooperations.ts';
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
import { assignmentId, cooperationNamed, shareId, userId } from '../names.ts';
import { NONE } from '../table.ts';
import { onTarget, targetOf } from './grants.ts';

interface Shared extends Changing, OfOrganization {
  readonly plant?: string;
  readonly portfolio?: string;
  readonly cap: string;
  readonly role: string;
}

const word = (flags: string, description: string) =>
  wordOption(flags, description, jobRoleSchema.options).makeOptionMandatory();
const cap = () => word('--cap <role>', 'the strongest role that it gives');
const role = () => word('--role <role>', 'the role');

/**
 * Adds the verbs of shares and assignments to `parkway cooperations`. A share is named by its cooperation and its plant
 * or portfolio, an assignment by its share and the member.
 */
export function addShareVerbs(noun: Command, context: Context): void {
  ofOrganization(verb(noun, 'shares <cooperation>', 'what is shared', 'cooperations shares "Nord Service"')).action(
    (text: string, options: Common & OfOrganization) => listShares(context, text, options),
  );
  onTarget(
    changing(
      noun,
      'share <cooperation>',
      'share a plant or portfolio',
      'cooperations share "Nord Service" --plant Sonnfeld --cap operator',
    ),
  )
    .addOption(cap())
    .action((text: string, options: Shared) => share(context, text, options));
  ofOrganization(
    changing(
      noun,
      'cap <cooperation> <share>',
      'change the cap of a share',
      'cooperations cap "Nord Service" Sonnfeld --cap viewer',
    ),
  )
    .addOption(cap())
    .action((text: string, shared: string, options: Shared) =>
      patch(
        context,
        options,
        { cap: options.cap },
        async (api) => `/shares/${await shareOf(api, text, shared, options)}`,
      ),
    );
  ofOrganization(
    removing(
      noun,
      'unshare <cooperation> <share>',
      'take a share back',
      'cooperations unshare "Nord Service" Sonnfeld',
    ),
  ).action((text: string, shared: string, options: Shared) =>
    removeAt(context, options, async (api) => `/shares/${await shareOf(api, text, shared, options)}`, {
      question: `Take ${shared} back? What the partner reaches by it ends at once.`,
      done: `${shared} is no longer shared.`,
    }),
  );
  ofOrganization(
    verb(
      noun,
      'assignments <cooperation> <share>',
      'who a share is assigned to',
      'cooperations assignments Sunfield Sonnfeld',
    ),
  ).action((text: string, shared: string, options: Common & OfOrganization) =>
    listAssignments(context, text, shared, options),
  );
  ofOrganization(
    changing(
      noun,
      'assign <cooperation> <share> <member>',
      'assign a share to a member',
      'cooperations assign Sunfield Sonnfeld tom@nord.example --role operator',
    ),
  )
    .addOption(role())
    .action((text: string, shared: string, member: string, options: Shared) =>
      assign(context, text, shared, member, options),
    );
  ofOrganization(
    changing(
      noun,
      'reassign <cooperation> <share> <member>',
      'change the role',
      'cooperations reassign Sunfield Sonnfeld tom@nord.example --role viewer',
    ),
  )
    .addOption(role())
    .action((text: string, shared: string, member: string, options: Shared) =>
      patch(
        context,
        options,
        { role: options.role },
        async (api) => `/assignments/${await assignmentId(api, await shareOf(api, text, shared, options), member)}`,
      ),
    );
  ofOrganization(
    removing(
      noun,
      'unassign <cooperation> <share> <member>',
      'take an assignment away',
      'cooperations unassign Sunfield Sonnfeld tom@nord.example',
    ),
  ).action((text: string, shared: string, member: string, options: Shared) =>
    removeAt(
      context,
      options,
      async (api) => `/assignments/${await assignmentId(api, await shareOf(api, text, shared, options), member)}`,
      {
        question: `Take ${shared} away from ${member}? Their connections end at once.`,
        done: `${member} no longer has ${shared} by this.`,
      },
    ),
  );
}

async function listShares(context: Context, text: string, options: Common & OfOrganization): Promise<void> {
  const api = await connect(context);
  const { id } = await cooperationNamed(api, options.organization, text);
  showTable(
    context,
    options,
    await api.list(`/cooperations/${id}/shares`, shareSchema),
    'Nothing is shared.',
    (shares) => ({
      columns: ['plant', 'portfolio', 'cap', 'id'],
      rows: shares.map((one) => [one.plant?.name ?? NONE, one.portfolio?.name ?? NONE, one.cap, one.id]),
    }),
  );
}

async function share(context: Context, text: string, options: Shared): Promise<void> {
  const api = await connect(context);
  const { id, owner } = await cooperationNamed(api, options.organization, text);
  const { body } = await targetOf(api, { ...options, organization: owner.id });
  const answer = await api.send('POST', `/cooperations/${id}/shares`, { ...body, cap: options.cap }, shareSchema);
  await conclude(
    context,
    api,
    options,
    answer,
    (made) => `${(made.plant ?? made.portfolio)?.name ?? NONE} is shared, up to ${made.cap}. Share ${made.id}\n`,
  );
}

async function listAssignments(
  context: Context,
  text: string,
  shared: string,
  options: Common & OfOrganization,
): Promise<void> {
  const api = await connect(context);
  const answer = await api.list(`/shares/${await shareOf(api, text, shared, options)}/assignments`, assignmentSchema);
  showTable(context, options, answer, 'It is assigned to nobody.', (assignments) => ({
    columns: ['member', 'role', 'under the cap', 'id'],
    rows: assignments.map((one) => [one.user.email, one.role, one.effectiveRole, one.id]),
  }));
}

async function assign(context: Context, text: string, shared: string, member: string, options: Shared): Promise<void> {
  const api = await connect(context);
  const cooperation = await cooperationNamed(api, options.organization, text);
  const id = await shareId(api, cooperation.id, shared);
  const body = { userId: await userId(api, cooperation.partner.id, member), role: options.role };
  const answer = await api.send('POST', `/shares/${id}/assignments`, body, assignmentSchema);
  await conclude(
    context,
    api,
    options,
    answer,
    (made) => `${made.user.email} is ${made.effectiveRole} on ${shared}. Assignment ${made.id}\n`,
  );
}

async function patch(
  context: Context,
  options: Changing,
  body: object,
  path: (api: Api) => Promise<string>,
): Promise<void> {
  const api = await connect(context);
  await conclude(
    context,
    api,
    options,
    await api.send('PATCH', await path(api), body, z.unknown()),
    () => 'Changed.\n',
  );
}

async function shareOf(api: Api, text: string, shared: string, options: OfOrganization): Promise<string> {
  return shareId(api, (await cooperationNamed(api, options.organization, text)).id, shared);
}
