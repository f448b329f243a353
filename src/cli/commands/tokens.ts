import { Command } from 'commander';
import { newTokenSchema, scopeSchema, tokenSchema } from '../../wire/rest/tokens.ts';
import { type Api, connect } from '../client.ts';
import { type Changing, type Common, collect, removeAt, removing, show, showTable, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { wrongUsage } from '../failures.ts';
import { isId, pick } from '../names.ts';
import { NONE } from '../table.ts';

interface NewToken extends Common {
  readonly scope: string[];
  readonly network?: string[];
  readonly expires?: string;
}

/** `parkway tokens …`: API tokens, which act for their owner and can only be narrower (ACC-8). */
export function tokensCommand(context: Context): Command {
  const noun = new Command('tokens').description('Your API tokens, for scripts (ACC-8).');
  verb(noun, 'list', 'all of yours', 'tokens').action((options: Common) => list(context, options));
  verb(noun, 'add <name>', 'make one; it is shown this once', 'tokens add nightly --scope read --expires 2027-01-31')
    .requiredOption('--scope <scope>', `what it may do, repeatable: ${scopeSchema.options.join(', ')}`, collect)
    .option('--network <network>', 'where it may be used from, repeatable; without it anywhere', collect)
    .option('--expires <time>', 'when it ends, as a date or a time; without it never')
    .action((name: string, options: NewToken) => add(context, name, options));
  removing(noun, 'remove <token>', 'end it at once', 'tokens remove nightly').action(
    (text: string, options: Changing) =>
      removeAt(context, options, async (api) => `/tokens/${await tokenId(api, text)}`, {
        question: `End the token ${text}?`,
        done: `${text} is of no use any more.`,
      }),
  );
  return noun;
}

async function list(context: Context, options: Common): Promise<void> {
  const api = await connect(context);
  showTable(context, options, await api.list('/tokens', tokenSchema), 'You have no tokens.', (tokens) => ({
    columns: ['token', 'scopes', 'from', 'expires', 'last used', 'id'],
    rows: tokens.map((one) => [
      one.name,
      one.scopes.join(' '),
      one.networks.join(' ') || 'anywhere',
      one.expiresAt ?? 'never',
      one.lastUsedAt ?? NONE,
      one.id,
    ]),
  }));
}

async function add(context: Context, name: string, options: NewToken): Promise<void> {
  const expires = options.expires === undefined ? undefined : new Date(options.expires);
  if (expires !== undefined && Number.isNaN(expires.getTime())) {
    throw wrongUsage(`“${options.expires}” is not a time such as 2027-01-31 or 2027-01-31T12:00Z.`);
  }
  const api = await connect(context);
  const body = { name, scopes: options.scope, networks: options.network ?? [], expiresAt: expires?.toISOString() };
  const answer = await api.send('POST', '/tokens', body, newTokenSchema);
  show(context, options, answer, ({ token }) => `${token}\n`);
  context.terminal.err('Keep it now: it is not shown again. Use it as PARKWAY_TOKEN.\n');
}

async function tokenId(api: Api, text: string): Promise<string> {
  if (isId(text)) return text;
  return pick((await api.list('/tokens', tokenSchema)).value, text, ({ name }) => [name], 'token', 'parkway tokens').id;
}
