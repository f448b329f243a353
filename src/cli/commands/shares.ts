import type { Command } from 'commander';
import { z } from 'zod';
import { shareSchema } from '../../wire/rest/cooperations.ts';
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
import { cooperationNamed, shareId } from '../names.ts';
import { NONE } from '../table.ts';
import { onTarget, targetOf } from './grants.ts';

interface Shared extends Changing, OfOrganization {
  readonly plant?: string;
  readonly portfolio?: string;
  readonly cap: string;
}

const cap = () =>
  wordOption('--cap <role>', 'the strongest role that it gives', jobRoleSchema.options).makeOptionMandatory();

/** Adds the verbs of shares to `parkway cooperations`. A share is named by its cooperation and its plant or portfolio. */
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

/** Changes what is at `path`, and says so. */
export async function patch(
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

/** The id of the share that a cooperation and a plant or portfolio name. */
export async function shareOf(api: Api, text: string, shared: string, options: OfOrganization): Promise<string> {
  return shareId(api, (await cooperationNamed(api, options.organization, text)).id, shared);
}
