/**
 * `cli` owns the command line `parkway …`: what a person or a script does with the product, through the public API only,
 * and `parkway lab`, which runs the whole system on one machine.
 *
 * This file: the list of commands. The module of a command is loaded when that command is called, so that each call
 * pays for its own imports only.
 */
import { Command, CommanderError } from 'commander';
import { type Environment, environmentSchema } from './environment.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's module and builds it; its name is `name`. */
  readonly load: (environment: Environment) => Promise<Command>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'lab',
    summary: 'the whole system on this machine',
    load: async (e) => (await import('./lab.ts')).labCommand(e),
  },
];

/** Builds the root with the called command in full, the others by name and summary. */
async function root(called: string | undefined, environment: Environment): Promise<Command> {
  const program = new Command('parkway').description('Secure remote access to the networks of plants.').exitOverride();
  for (const entry of COMMANDS) {
    if (entry.name === called) program.addCommand((await entry.load(environment)).summary(entry.summary));
    else program.command(entry.name).summary(entry.summary).helpOption(false);
  }
  return program;
}

async function main(words: readonly string[]): Promise<void> {
  const called = words[0] === 'help' ? words[1] : words.find((word) => !word.startsWith('-'));
  const program = await root(called, environmentSchema.parse(process.env));
  await program.parseAsync(words, { from: 'user' });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Commander has printed its own message already.
  if (!(error instanceof CommanderError))
    console.error(`parkway: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
