import { Command, CommanderError } from 'commander';
import type { Context } from './context.ts';
import { EXIT, Failure } from './failures.ts';
import { printable } from './table.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's module and builds it; its name is `name`. */
  readonly load: (context: Context) => Promise<Command>;
}

/** Every command. The module of one is loaded when it is called, so that each call pays for its own imports only. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'login',
    summary: 'sign in',
    load: async (context) => (await import('./commands/session.ts')).loginCommand(context),
  },
  {
    name: 'logout',
    summary: 'end the session',
    load: async (context) => (await import('./commands/session.ts')).logoutCommand(context),
  },
  {
    name: 'join',
    summary: 'accept an invitation',
    load: async (context) => (await import('./commands/session.ts')).joinCommand(context),
  },
  {
    name: 'whoami',
    summary: 'who you are signed in as',
    load: async (context) => (await import('./commands/session.ts')).whoamiCommand(context),
  },
  {
    name: 'certificate',
    summary: 'your certificate and its .conf',
    load: async (context) => (await import('./commands/certificate.ts')).certificateCommand(context),
  },
  {
    name: 'routes',
    summary: 'the subnets you reach',
    load: async (context) => (await import('./commands/routes.ts')).routesCommand(context),
  },
  {
    name: 'plants',
    summary: 'plants',
    load: async (context) => (await import('./commands/plants.ts')).plantsCommand(context),
  },
  {
    name: 'subnets',
    summary: 'subnets of a plant',
    load: async (context) => (await import('./commands/subnets.ts')).subnetsCommand(context),
  },
  {
    name: 'devices',
    summary: 'devices of a plant',
    load: async (context) => (await import('./commands/devices.ts')).devicesCommand(context),
  },
  {
    name: 'agents',
    summary: "a plant's agent",
    load: async (context) => (await import('./commands/agents.ts')).agentsCommand(context),
  },
  {
    name: 'portfolios',
    summary: 'groups of plants',
    load: async (context) => (await import('./commands/portfolios.ts')).portfoliosCommand(context),
  },
  {
    name: 'organizations',
    summary: 'organizations',
    load: async (context) => (await import('./commands/organizations.ts')).organizationsCommand(context),
  },
  {
    name: 'members',
    summary: 'members of an organization',
    load: async (context) => (await import('./commands/members.ts')).membersCommand(context),
  },
  {
    name: 'users',
    summary: 'accounts',
    load: async (context) => (await import('./commands/members.ts')).usersCommand(context),
  },
  {
    name: 'grants',
    summary: 'job roles on plants and portfolios',
    load: async (context) => (await import('./commands/grants.ts')).grantsCommand(context),
  },
  {
    name: 'cooperations',
    summary: 'cooperations, shares and assignments',
    load: async (context) => (await import('./commands/cooperations.ts')).cooperationsCommand(context),
  },
  {
    name: 'tokens',
    summary: 'your API tokens',
    load: async (context) => (await import('./commands/tokens.ts')).tokensCommand(context),
  },
  {
    name: 'revisions',
    summary: 'who holds a revision',
    load: async (context) => (await import('./commands/revisions.ts')).revisionsCommand(context),
  },
  {
    name: 'gateways',
    summary: 'gateways (platform)',
    load: async (context) => (await import('./commands/gateways.ts')).gatewaysCommand(context),
  },
  {
    name: 'regions',
    summary: 'regions (platform)',
    load: async (context) => (await import('./commands/platform.ts')).regionsCommand(context),
  },
  {
    name: 'slots',
    summary: 'entry points (platform)',
    load: async (context) => (await import('./commands/platform.ts')).slotsCommand(context),
  },
  {
    name: 'verify',
    summary: 'recompute all access (platform)',
    load: async (context) => (await import('./commands/platform.ts')).verifyCommand(context),
  },
  {
    name: 'corrections',
    summary: 'what was put right (platform)',
    load: async (context) => (await import('./commands/platform.ts')).correctionsCommand(context),
  },
  {
    name: 'limits',
    summary: 'who met a limit (platform)',
    load: async (context) => (await import('./commands/platform.ts')).limitsCommand(context),
  },
  {
    name: 'lab',
    summary: 'the whole system on this machine',
    load: async (context) => (await import('./lab.ts')).labCommand(context),
  },
];

const CLOSING = `
Environment:
  PARKWAY_URL     the server, for example https://parkway.example
  PARKWAY_TOKEN   a session or API token, instead of 'parkway login'

Exit codes:
  0  fine
  1  refused: by the server, or there is nothing of that name
  2  wrong usage, or a question answered with no; nothing was changed
  3  no server answered
  4  done, but --wait ended before every gateway had confirmed it

'parkway <command> --help' shows examples.`;

/** The root with the commands called `names` in full and the others by name and summary. */
export async function buildProgram(context: Context, names: (name: string) => boolean): Promise<Command> {
  const program = new Command('parkway')
    .description('Secure remote access to the networks of plants.')
    .addHelpText('after', CLOSING)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.out(text),
      writeErr: (text) => context.terminal.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'parkway: ')),
    });
  for (const { name, summary, load } of COMMANDS) {
    if (names(name)) program.addCommand(inherit(await load(context), program).summary(summary));
    else program.command(name).summary(summary).helpOption(false);
  }
  return program;
}

// A command that was built apart has not the settings of the root, such as not to exit the process.
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** Runs one call, given its words after `parkway`. Returns the exit code; whatever fails has been said on standard error. */
export async function run(words: readonly string[], context: Context): Promise<number> {
  const called = words[0] === 'help' ? words[1] : words.find((word) => !word.startsWith('-'));
  try {
    const program = await buildProgram(context, (name) => name === called);
    await program.parseAsync(words, { from: 'user' });
    return EXIT.fine;
  } catch (error) {
    // Commander has printed its own message already, and exits with 0 after --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    const message = error instanceof Error ? error.message : String(error);
    // A server's words may quote what other people wrote.
    context.terminal.err(`parkway: ${message.split('\n').map(printable).join('\n')}\n`);
    return error instanceof Failure ? error.exit : EXIT.refused;
  }
}
