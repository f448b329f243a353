import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Answer, type Api, connect } from './client.ts';
import type { Context } from './context.ts';
import { EXIT, Failure } from './failures.ts';
import { type Table, formatTable, printable } from './table.ts';
import { waitInEffect } from './wait.ts';

/** Options of every command. */
export interface Common {
  readonly json?: true;
}

/** Options of a command that changes something. */
export interface Changing extends Common {
  readonly wait?: true;
  readonly yes?: true;
}

/** Adds a verb, `usage` being its name and arguments, with an example of a call. The first verb of a noun is its default. */
export function verb(noun: Command, usage: string, summary: string, example: string): Command {
  return verbless(noun.command(usage, { isDefault: noun.commands.length === 0 }).description(summary), example);
}

/** Gives a command what every one has: `--json`, and an example of a call. */
export function verbless(command: Command, example: string): Command {
  return command
    .option('--json', "print the API's answer as JSON")
    .addHelpText('after', `\nExample:\n  parkway ${example}`);
}

/** Adds a verb that changes what gateways hold. */
export function changing(noun: Command, usage: string, summary: string, example: string): Command {
  return verb(noun, usage, summary, example).option('--wait', 'wait until every gateway has confirmed the change');
}

/** Adds a verb that takes something away, and asks before it does when a person sits there. */
export function removing(noun: Command, usage: string, summary: string, example: string): Command {
  return changing(noun, usage, summary, example).option('--yes', 'do not ask');
}

/** Lets a verb be told whose things its names mean. */
export function ofOrganization(command: Command): Command {
  return command.option('--organization <organization>', 'whose; needed when you see several organizations');
}

/** The option of `ofOrganization`. */
export interface OfOrganization {
  readonly organization?: string;
}

/** Asks a person; goes on when nobody sits there or `--yes` was given. Throws Failure (usage) when the answer is no. */
export async function confirm({ terminal }: Context, options: Changing, question: string): Promise<void> {
  if (options.yes || !terminal.interactive) return;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.usage, 'Nothing was changed.');
}

/** Prints an answer: the API's JSON, or the text that `format` makes of it. */
export function show<T>({ terminal }: Context, options: Common, answer: Answer<T>, format: (value: T) => string): void {
  if (!options.json) terminal.out(format(answer.value));
  else if (answer.json !== undefined) terminal.out(`${JSON.stringify(answer.json, null, 2)}\n`);
}

/** Prints a list as a table. `none` is said instead when it is empty. */
export function showTable<T>(
  context: Context,
  options: Common,
  answer: Answer<T[]>,
  none: string,
  table: (items: readonly T[]) => Table,
): void {
  if (answer.value.length === 0 && !options.json) context.terminal.err(`${none}\n`);
  else show(context, options, answer, (items) => formatTable(table(items), context.terminal.colors));
}

/** Ends a command that changed something: prints the answer and, with `--wait`, waits until it is in effect. */
export async function conclude<T>(
  context: Context,
  api: Api,
  options: Changing,
  answer: Answer<T>,
  format: (value: T) => string,
): Promise<void> {
  // Names come from other people, see `printable`.
  show(context, options, answer, (value) => format(value).split('\n').map(printable).join('\n'));
  if (!options.wait) return;
  const said =
    answer.revision === undefined
      ? 'the answer names no revision to wait for'
      : await waitInEffect(api, answer.revision);
  if (options.json) context.terminal.err(`${said}\n`);
  else context.terminal.out(`${said}\n`);
}

/** Removes what is at `path` after asking, and says so. */
export async function removeAt(
  context: Context,
  options: Changing,
  path: (api: Api) => Promise<string>,
  words: { question: string; done: string },
): Promise<void> {
  const api = await connect(context);
  const target = await path(api);
  await confirm(context, options, words.question);
  await conclude(context, api, options, await api.remove(target), () => `${words.done}\n`);
}

/** Repeats an option's values into an array. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** An option that takes one of some words, in any case of letters, `-` and `_` being the same. */
export function wordOption(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, `${description}: ${words.join(', ')}`).argParser((text: string) => {
    const word = text.toLowerCase().replaceAll('-', '_');
    if (!words.includes(word)) throw new InvalidArgumentError(`It is one of ${words.join(', ')}.`);
    return word;
  });
}
