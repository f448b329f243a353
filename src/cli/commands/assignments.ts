import type { Command } from 'commander';
import { assignmentSchema } from '../../wire/rest/cooperations.ts';
import { jobRoleSchema } from '../../wire/rest/roles.ts';
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
  wordOption,
} from '../command.ts';
import type { Context } from '../context.ts';
import { assignmentId, cooperationNamed, shareId, userId } from '../names.ts';
import { patch, shareOf } from './shares.ts';

interface Assigned extends Changing, OfOrganization {
  readonly role: string;
}

const role = () => wordOption('--role <role>', 'the role', jobRoleSchema.options).makeOptionMandatory();

/** Adds the verbs of assignments to `parkway cooperations`. An assignment is named by its share and the member. */
export function addAssignmentVerbs(noun: Command, context: Context): void {
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
    .action((text: string, shared: string, member: string, options: Assigned) =>
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
    .action((text: string, shared: string, member: string, options: Assigned) =>
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
  ).action((text: string, shared: string, member: string, options: Assigned) =>
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

async function assign(
  context: Context,
  text: string,
  shared: string,
  member: string,
  options: Assigned,
): Promise<void> {
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
