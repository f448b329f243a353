import { z } from 'zod';
import { KernelError, type Runner } from './run.ts';

/**
 * An `ip rule`, in the words of `ip`: `match` is what stands before the action (`fwmark 0x100/0x100`, `iif slot0`,
 * `from 100.80.0.1 iif lo`), `action` is `lookup 200` or `unreachable`.
 */
export interface IpRule {
  readonly pref: number;
  readonly match: string;
  readonly action: string;
}

/** A route in the words of `ip`: `dst` is a prefix, an address without length for /32, or `default`. */
export interface IpRoute {
  readonly table: string;
  readonly dst: string;
  readonly via?: string;
  readonly dev: string;
  readonly src?: string;
}

/** An address on an interface, such as `100.80.0.1/32`. */
export interface IpAddress {
  readonly dev: string;
  readonly address: string;
}

/** An interface that exists. */
export interface IpLink {
  readonly dev: string;
  readonly up: boolean;
  readonly mtu: number;
}

/** What `ip` reads back, in the words above. Routes of the tables that were asked for. */
export interface IpState {
  readonly links: readonly IpLink[];
  readonly addresses: readonly IpAddress[];
  readonly rules: readonly IpRule[];
  readonly routes: readonly IpRoute[];
}

/** What there shall be. `owned` says which of the things found, but not wanted, are ours to remove. */
export interface IpWanted {
  /** Interfaces to be up, with their MTU. They must exist. */
  readonly links: readonly { readonly dev: string; readonly mtu: number }[];
  readonly addresses: readonly IpAddress[];
  readonly rules: readonly IpRule[];
  readonly routes: readonly IpRoute[];
  readonly owned: {
    readonly address: (address: IpAddress) => boolean;
    readonly rule: (rule: IpRule) => boolean;
    readonly table: (table: string) => boolean;
  };
}

/** Runs lines of `ip -batch`, in their order. Stops at the first that fails. */
export async function ipBatch(runner: Runner, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await runner.run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/**
 * The `ip` lines that make what is there what is wanted; none when it is already. New rules come before old ones go, so
 * that at no moment a packet meets fewer rules than it should.
 */
export function planIp(wanted: IpWanted, actual: IpState): string[] {
  const text = { address: (a: IpAddress) => `${a.address} dev ${a.dev}`, rule: ruleText, route: routeText };
  const links = wanted.links.flatMap(({ dev, mtu }) =>
    actual.links.some((link) => link.dev === dev && link.up && link.mtu === mtu)
      ? []
      : [`link set dev ${dev} mtu ${mtu} up`],
  );
  const addresses = difference(wanted.addresses, actual.addresses, text.address);
  const rules = difference(wanted.rules, actual.rules, text.rule);
  const routes = difference(wanted.routes, actual.routes, text.route);
  return [
    ...rules.missing.map((rule) => `rule add ${ruleText(rule)}`),
    ...rules.extra.filter(wanted.owned.rule).map((rule) => `rule del ${ruleText(rule)}`),
    ...links,
    ...addresses.missing.map((address) => `addr add ${text.address(address)}`),
    ...addresses.extra.filter(wanted.owned.address).map((address) => `addr del ${text.address(address)}`),
    ...routes.extra.filter((route) => wanted.owned.table(route.table)).map((route) => `route del ${routeText(route)}`),
    ...routes.missing.map((route) => `route replace ${routeText(route)}`),
  ];
}

/** What reads: the only lines that a batch of `readIp` has. */
const READS = ['link show', 'addr show', 'rule show'];

/** The arguments of a batch that reads. `read-only.ts` lets it through, and looks at its lines. */
export const READ_BATCH = ['ip', '-j', '-4', '-batch', '-'] as const;

/**
 * Reads IPv4 links, addresses, rules and the routes of the given tables back, with one process: this is asked every other second
 * by every daemon. A table that never had a route is empty; `ip` says so on its standard error, and goes on.
 */
export async function readIp(runner: Runner, tables: readonly string[]): Promise<IpState> {
  const lines = [...READS, ...tables.map((table) => `route show table ${table}`)];
  const output = await runner.run(READ_BATCH, { input: `${lines.join('\n')}\n` });
  const [links, addresses, rules, ...routes] = output.trimEnd().split('\n');
  if (links === undefined || addresses === undefined || rules === undefined || routes.length !== tables.length)
    throw new KernelError(READ_BATCH, `answered ${routes.length + 3} of ${lines.length} questions`, '');
  return {
    links: linkJson.parse(json(links)).map((l) => ({ dev: l.ifname, up: l.flags.includes('UP'), mtu: l.mtu })),
    addresses: addressJson
      .parse(json(addresses))
      .flatMap((l) =>
        l.addr_info.flatMap((a) =>
          a.local === undefined ? [] : [{ dev: l.ifname, address: `${a.local}/${a.prefixlen}` }],
        ),
      ),
    rules: ruleJson.parse(json(rules)).map(toRule),
    routes: tables.flatMap((table, at) => parseRoutes(routes[at] ?? '', table)),
  };
}

/** Parses the output of `ip -j route show table X`; unicast routes only. */
export function parseRoutes(text: string, table: string): IpRoute[] {
  return routeJson.parse(json(text)).flatMap((route) => {
    if (route.dev === undefined || (route.type ?? 'unicast') !== 'unicast') return [];
    const { dst, dev } = route;
    const via = route.gateway === undefined ? {} : { via: route.gateway };
    return [{ table, dst, ...via, dev, ...(route.prefsrc === undefined ? {} : { src: route.prefsrc }) }];
  });
}

function json(text: string): unknown {
  return JSON.parse(text.trim() === '' ? '[]' : text);
}

const linkJson = z.array(z.object({ ifname: z.string(), flags: z.array(z.string()), mtu: z.number() }));
const addressJson = z.array(
  z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number().optional() })),
  }),
);
const ruleJson = z.array(
  z.object({
    priority: z.number(),
    src: z.string(),
    srclen: z.number().optional(),
    dst: z.string().optional(),
    dstlen: z.number().optional(),
    fwmark: z.string().optional(),
    fwmask: z.string().optional(),
    iif: z.string().optional(),
    table: z.string().optional(),
    action: z.string().optional(),
  }),
);
const routeJson = z.array(
  z.object({
    type: z.string().optional(),
    dst: z.string(),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    prefsrc: z.string().optional(),
  }),
);

function toRule(rule: z.infer<typeof ruleJson>[number]): IpRule {
  const from = rule.src === 'all' ? [] : [`from ${withLength(rule.src, rule.srclen)}`];
  const to = rule.dst === undefined ? [] : [`to ${withLength(rule.dst, rule.dstlen)}`];
  const mark =
    rule.fwmark === undefined ? [] : [`fwmark ${rule.fwmark}${rule.fwmask === undefined ? '' : `/${rule.fwmask}`}`];
  const iif = rule.iif === undefined ? [] : [`iif ${rule.iif}`];
  return {
    pref: rule.priority,
    match: [...from, ...to, ...mark, ...iif].join(' '),
    action: rule.table === undefined ? (rule.action ?? 'lookup main') : `lookup ${rule.table}`,
  };
}

function withLength(address: string, length: number | undefined): string {
  return length === undefined ? address : `${address}/${length}`;
}

function ruleText(rule: IpRule): string {
  return `pref ${rule.pref} ${rule.match === '' ? 'from all' : rule.match} ${rule.action}`;
}

function routeText(route: IpRoute): string {
  const via = route.via === undefined ? '' : ` via ${route.via}`;
  const src = route.src === undefined ? '' : ` src ${route.src}`;
  return `${route.dst}${via} dev ${route.dev} table ${route.table}${src}`;
}

function difference<T>(
  wanted: readonly T[],
  actual: readonly T[],
  text: (item: T) => string,
): { missing: T[]; extra: T[] } {
  const have = new Set(actual.map(text));
  const want = new Set(wanted.map(text));
  return {
    missing: wanted.filter((item) => !have.has(text(item))),
    extra: actual.filter((item) => !want.has(text(item))),
  };
}
