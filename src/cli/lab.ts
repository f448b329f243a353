import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { startDetached } from '../lab/detached.ts';
import { execute, initOf } from '../lab/enter.ts';
import { connectLaptop, disconnectLaptop } from '../lab/laptop.ts';
import { type Places, placesOf } from '../lab/places.ts';
import { render, welcome } from '../lab/screen.ts';
import type { Size } from '../lab/size/installation.ts';
import { LARGEST, SMALLEST } from '../lab/size/scale.ts';
import { order } from '../lab/socket.ts';
import { type Status, statusSchema } from '../lab/status.ts';
import { type LabOptions, openLab } from '../lab/supervisor.ts';
import { takeDown } from '../lab/traces.ts';
import { realRunner } from '../kernel/run.ts';
import type { Context } from './context.ts';
import { wrongUsage } from './failures.ts';

interface Named {
  readonly name: string;
}

interface UpOptions extends Named {
  readonly detach?: true;
  readonly json?: true;
  readonly resume?: true;
  readonly gateways: string;
  readonly size?: string;
  readonly seed: string;
}

const GATEWAYS = 'gw-eu-1,gw-eu-2';

/** `parkway lab …`: the commands of the lab's contract. */
export function labCommand(context: Context): Command {
  const lab = new Command('lab')
    .description('The whole system on this machine: separate processes, real tunnels, real kernel rules. Needs root.')
    .enablePositionalOptions();
  const verb = (usage: string, summary: string) =>
    lab.command(usage).description(summary).option('--name <name>', 'which lab, when there are several', 'default');
  const places = ({ name }: Named) => placesOf(context.environment.PARKWAY_LAB_DIR, labName(name));

  verb('up', 'start everything; waits until it is healthy, and ends it all with Ctrl-C')
    .option('--detach', 'come back when it is healthy, and leave it running')
    .option('--json', 'print its status as JSON when it is healthy')
    .option('--resume', 'go on with what the last lab of this name left')
    .option('--gateways <names>', 'which gateways to run, of gw-eu-1, gw-eu-2, gw-us-1, gw-us-2', GATEWAYS)
    .option('--size <routes>', 'load so many routes of other people beside, to see it at that size')
    .option('--seed <number>', 'which of the installations of that size', '1')
    .action((options: UpOptions) => up(context, options));
  verb('status', 'addresses, hosts, gateways, plants, agents, and accounts with their passwords')
    .option('--json', 'print it as JSON')
    .action(async (options: Named & { json?: true }) => {
      const status = statusSchema.parse(await order(places(options).socket, { order: 'status' }));
      context.terminal.out(options.json ? `${JSON.stringify(status, null, 2)}\n` : render(status));
    });
  verb('exec <host> [command...]', 'run a command on a host of the lab')
    .usage('[--name <name>] <host> -- <command...>')
    .passThroughOptions()
    .action(async (host: string, words: string[], options: Named) => {
      const { name, argv } = commandOf(words, options.name);
      const { init } = await initOf(places({ name }), host);
      process.exitCode = await execute(init, argv, process.cwd());
    });
  verb('connect <laptop> <file>', 'bring up a .conf on a laptop with the stock wg-quick').action(
    async (laptop: string, file: string, options: Named) => {
      const conf = await readFile(file, 'utf8');
      await connectLaptop(realRunner(), await laptopOf(places(options), laptop), conf);
      context.terminal.err(`${laptop} is connected.\n`);
    },
  );
  verb('disconnect <laptop>', 'take the tunnel of a laptop down').action(async (laptop: string, options: Named) => {
    const was = await disconnectLaptop(realRunner(), await laptopOf(places(options), laptop));
    context.terminal.err(`${laptop} ${was ? 'is disconnected' : 'was not connected'}.\n`);
  });
  verb('fail <host>', 'kill a host: all its processes with -9')
    .option('--silent', 'its packets vanish instead, and its processes live on')
    .action(async (host: string, options: Named & { silent?: true }) => {
      await order(places(options).socket, { order: 'fail', host, silent: options.silent ?? false });
      context.terminal.err(`${host} is ${options.silent ? 'silent' : 'down'}.\n`);
    });
  verb('restore <host>', 'bring a host back').action(async (host: string, options: Named) => {
    await order(places(options).socket, { order: 'restore', host });
    context.terminal.err(`${host} is up.\n`);
  });
  verb('down', 'end it; nothing is left but its folder of logs').action(async (options: Named) => {
    await takeDown(realRunner(), places(options));
    context.terminal.err('The lab is down.\n');
  });
  return lab;
}

async function up(context: Context, given: UpOptions): Promise<void> {
  const options: LabOptions = {
    base: context.environment.PARKWAY_LAB_DIR,
    name: labName(given.name),
    gateways: given.gateways.split(','),
    resume: given.resume ?? false,
    size: sizeOf(given),
    say: (line) => context.terminal.err(`${line}\n`),
  };
  const print = (status: Status) =>
    context.terminal.out(given.json ? `${JSON.stringify(status, null, 2)}\n` : welcome(status));
  if (given.detach) return print(await startDetached(options));
  const lab = await openLab(options);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void lab.down());
  const status = await lab.start();
  if (status !== undefined) print(status);
  if (status !== undefined && !given.json) context.terminal.err('  Ctrl-C ends it.\n');
  await lab.ended;
  context.terminal.err('The lab is down.\n');
  // A request that control can no longer answer would keep this process for its time-out.
  process.exit(0);
}

async function laptopOf(places: Places, laptop: string): Promise<number> {
  const { init, role } = await initOf(places, laptop);
  if (role !== 'laptop') throw wrongUsage(`${laptop} is not a laptop. There are laptop-1 to laptop-4.`);
  return init;
}

/** The command of `exec`. The lab's name may stand behind the host too, and so may the two dashes. */
function commandOf(words: readonly string[], name: string): { name: string; argv: readonly string[] } {
  if (words[0] === '--name' && words[1] !== undefined) return commandOf(words.slice(2), words[1]);
  if (words[0] === '--') return { name, argv: words.slice(1) };
  if (words.length === 0) throw wrongUsage('Say which command: parkway lab exec <host> -- <command...>');
  return { name, argv: words };
}

/** The installation to load beside; undefined for none. */
function sizeOf({ size, seed }: UpOptions): Size | undefined {
  if (!/^\d{1,9}$/.test(seed)) throw wrongUsage('A seed is a whole number of at most nine digits.');
  if (size === undefined) return undefined;
  const routes = Number(size);
  if (/^\d+$/.test(size) && routes >= SMALLEST && routes <= LARGEST) return { size: routes, seed: Number(seed) };
  throw wrongUsage(`--size is a number of routes from ${SMALLEST} to ${LARGEST}.`);
}

/** A lab's name is a folder. */
function labName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(text)) return text;
  throw wrongUsage('The name of a lab is of small letters, digits and dashes.');
}
