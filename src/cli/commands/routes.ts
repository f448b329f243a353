import { Command } from 'commander';
import { type RouteJson, routeSchema, routeStatusSchema } from '../../wire/rest/routes.ts';
import { type Api, connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, confirm, showTable, verb, wordOption } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, wrongUsage } from '../failures.ts';
import { folded, plantId } from '../names.ts';
import { NONE, type Table, printable } from '../table.ts';

interface Filters extends Common {
  readonly status?: string;
  readonly plant?: string;
  readonly search?: string;
}

/** `parkway routes …`: what one reaches, and which plant owns a contested range (VPN-9, VPN-11…13). */
export function routesCommand(context: Context): Command {
  const noun = new Command('routes').description('The subnets you reach (VPN-13).');
  verb(noun, 'list', 'all of them, conflicts first', 'routes --status conflict')
    .addOption(wordOption('--status <status>', 'only these', routeStatusSchema.options))
    .option('--plant <plant>', 'only of this plant')
    .option('--search <text>', 'only where a plant, portfolio, organization or network contains this')
    .action((options: Filters) => list(context, options));
  changing(
    noun,
    'use <route> [network]',
    '"Use this park": it gets the range',
    'routes use Sonnfeld 192.168.1.0/24 --wait',
  )
    .option('--yes', 'do not ask')
    .action((route: string, network: string | undefined, options: Changing) => use(context, route, network, options));
  for (const [name, summary, done] of [
    ['pause', 'stop reaching it for now', 'paused'],
    ['resume', 'reach it again', 'resumed'],
  ] as const) {
    changing(noun, `${name} <route> [network]`, summary, `routes ${name} Sonnfeld:192.168.1.0/24`).action(
      (route: string, network: string | undefined, options: Changing) =>
        act(context, route, network, options, { verb: name, done }),
    );
  }
  return noun;
}

/** Rows in the order people look for them: conflicts first, then by organization, portfolio, plant and network. */
export function routeTable(routes: readonly RouteJson[]): Table {
  const sorted = [...routes].sort(
    (a, b) =>
      Number(b.status === 'conflict') - Number(a.status === 'conflict') ||
      placeOf(a).join('\0').localeCompare(placeOf(b).join('\0'), 'en', { numeric: true }),
  );
  return {
    columns: ['organization', 'portfolio', 'plant', 'subnet', 'alias', 'status', 'reason'],
    grouped: 3,
    colors: { active: 'green', conflict: 'red', unreachable: 'yellow' },
    rows: sorted.map((route) => [...placeOf(route), route.alias ?? NONE, route.status, route.reason]),
  };
}

/**
 * The route that somebody names: by subnet id, plant, `plant:network`, or plant and network. A plant's name may be
 * preceded by its organization's and a slash. Throws Failure: refused when there is none, usage when there are several.
 */
export function pickRoute(routes: readonly RouteJson[], text: string, network?: string): RouteJson {
  const [, plant = text, inText] = /^(.*):([\d./]+)$/.exec(text) ?? [];
  const wanted = folded(plant);
  const named = (route: RouteJson) =>
    [route.subnetId, route.plantId, route.plantName, `${route.organization.name}/${route.plantName}`].some(
      (name) => folded(name) === wanted,
    );
  const range = network ?? inText;
  const found = routes.filter((route) => named(route) && (range === undefined || route.network === range));
  const [first, ...others] = found;
  if (first === undefined)
    throw new Failure(EXIT.refused, `You have no route “${text}”. 'parkway routes' lists yours.`);
  if (others.length === 0) return first;
  const candidates = found.map(
    (one) => `\n  ${one.subnetId}  ${printable(`${one.organization.name}/${one.plantName}:${one.network}`)}`,
  );
  throw wrongUsage(`“${text}” may be any of these. Give the network or the id:${candidates.join('')}`);
}

async function list(context: Context, options: Filters): Promise<void> {
  const api = await connect(context);
  const query = new URLSearchParams({
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(options.plant === undefined ? {} : { plantId: await plantId(api, options.plant) }),
    ...(options.search === undefined ? {} : { q: options.search }),
  });
  const answer = await api.list(query.size === 0 ? '/routes' : `/routes?${query.toString()}`, routeSchema);
  showTable(context, options, answer, 'There are no routes to show.', routeTable);
}

async function find(api: Api, text: string, network: string | undefined): Promise<RouteJson> {
  return pickRoute((await api.list('/routes', routeSchema)).value, text, network);
}

async function use(context: Context, text: string, network: string | undefined, options: Changing): Promise<void> {
  const api = await connect(context);
  const route = await find(api, text, network);
  const losing = route.contested.filter((part) => !part.mine);
  const ends = losing.map((part) => `  ${printable(part.ownerPlantName)} in ${part.range}\n`).join('');
  if (ends !== '') {
    context.terminal.err(`Ends your connections by native address to\n${ends}`);
    await confirm(context, options, `Use ${printable(route.plantName)} for ${route.network}?`);
  }
  const answer = await api.send('POST', `/routes/${route.subnetId}/use`, undefined, routeSchema);
  await conclude(context, api, options, answer, (now) => sentence(now, 'in use'));
}

async function act(
  context: Context,
  text: string,
  network: string | undefined,
  options: Changing,
  words: { verb: string; done: string },
): Promise<void> {
  const api = await connect(context);
  const { subnetId } = await find(api, text, network);
  const answer = await api.send('POST', `/routes/${subnetId}/${words.verb}`, undefined, routeSchema);
  await conclude(context, api, options, answer, (now) => sentence(now, words.done));
}

function placeOf(route: RouteJson): string[] {
  return [route.organization.name, route.portfolio.name, route.plantName, route.network];
}

// Of the reasons only a conflict's lasts: the others are of the moment before a gateway has confirmed.
function sentence(route: RouteJson, state: string): string {
  const reason = route.status === 'conflict' ? ` ${route.reason}` : '';
  return `${route.plantName}:${route.network} is ${state}.${reason}\n`;
}
