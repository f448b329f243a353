/**
 * The users' part of the rule set as `nft` commands, shard by shard: the sets and rules of each prefix length, their
 * elements, and the reading of them back. Pure.
 */
import { maskOf } from '../net/cidr.ts';
import { type ElementChange, type Elements, SHARDS, compareElements, placeOf } from './compile.ts';

/** The table that a gateway owns. */
export const TABLE = 'parkway';

/** The chains that ask a shard's sets: translation, packets of users, packets to users. */
const CHAINS = ['lookups', 'upward', 'downward'] as const;

/** As many elements as one command adds. */
const ELEMENTS_PER_COMMAND = 5000;

/** All shards. */
export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The names of all shards' chains. */
export const SHARD_CHAINS: readonly string[] = CHAINS.flatMap((chain) => ALL_SHARDS.map((shard) => `${chain}${shard}`));

/** The rule that leads from a chain to that of the user's shard; `address` is where the packet has the user. */
export function dispatchRule(chain: (typeof CHAINS)[number], address: 'ip saddr' | 'ip daddr'): string {
  const verdicts = ALL_SHARDS.map((shard) => `0.0.0.${shard} : goto ${chain}${shard}`);
  return `${address} & 0.0.0.${SHARDS - 1} vmap { ${verdicts.join(', ')} }`;
}

/** The names of a shard's sets for these prefix lengths. */
export function setNames(shard: number, lengths: Iterable<number>): string[] {
  return [...lengths].flatMap((length) => [`r${length}s${shard}`, `bound${length}s${shard}`]);
}

/** The same as `NftTable.list` takes them. */
export function setsToList(shard: number, lengths: Iterable<number>): string[] {
  return setNames(shard, lengths).map((name) => `${kindOf(name)} ${name}`);
}

function kindOf(name: string): 'map' | 'set' {
  return name.startsWith('r') ? 'map' : 'set';
}

/** The commands that add the sets of one prefix length where they are missing. */
function setsText(shard: number, length: number): string {
  const [map, set] = setNames(shard, [length]);
  return `add map ip ${TABLE} ${map} { typeof ip saddr . meta mark : interval ip daddr; }
add set ip ${TABLE} ${set} { type ipv4_addr . mark . mark; }
`;
}

/**
 * The commands that bring a prefix length into a shard. Its sets are emptied: what an earlier process left behind in them
 * may be long withdrawn.
 */
export function lengthText(shard: number, length: number): string {
  const flushed = setNames(shard, [length]).map((name) => `flush ${kindOf(name)} ip ${TABLE} ${name}\n`);
  return setsText(shard, length) + flushed.join('') + rulesText(shard, length);
}

/**
 * The commands that add the rules of one prefix length. Owned pieces are disjoint, so at most one length matches and their
 * order does not matter. nft 1.0.6 has no keys like `ip saddr . (ip daddr & mask)`: the mark carries the network.
 */
function rulesText(shard: number, length: number): string {
  const mask = `0x${maskOf(length).toString(16).padStart(8, '0')}`;
  const [map, set] = setNames(shard, [length]);
  return `add rule ip ${TABLE} lookups${shard} meta mark set @nh,128,32 & ${mask} dnat ip prefix to ip saddr . meta mark map @${map}
add rule ip ${TABLE} upward${shard} meta mark set @nh,128,32 & ${mask} ip saddr . ct mark . meta mark @${set} goto admit
add rule ip ${TABLE} downward${shard} meta mark set @nh,96,32 & ${mask} ip daddr . ct mark . meta mark @${set} goto deliver
`;
}

/**
 * The commands that empty a shard and give it these prefix lengths. `had` are those whose sets are known to be there; the
 * ones that nobody needs any more go.
 */
export function emptyShardText(shard: number, had: Iterable<number>, lengths: ReadonlySet<number>): string {
  const unused = setNames(
    shard,
    [...had].filter((length) => !lengths.has(length)),
  ).map((name) => `delete ${kindOf(name)} ip ${TABLE} ${name}\n`);
  return [flushChains(shard), ...unused, ...[...lengths].map((length) => lengthText(shard, length))].join('');
}

/** The commands that replace a shard's rules and leave its elements alone. */
export function shardRulesText(shard: number, lengths: Iterable<number>): string {
  const used = [...lengths].map((length) => setsText(shard, length) + rulesText(shard, length));
  return [flushChains(shard), ...used].join('');
}

function flushChains(shard: number): string {
  return CHAINS.map((chain) => `flush chain ip ${TABLE} ${chain}${shard}\n`).join('');
}

/** The commands that add or delete elements, grouped by set. */
export function elementsText(verb: 'add' | 'delete', elements: Iterable<[string, string]>): string {
  const groups = new Map<string, string[]>();
  for (const [element, value] of elements) {
    const at = element.indexOf(' ');
    const name = element.slice(0, at);
    const text = verb === 'delete' || value === '' ? element.slice(at + 1) : `${element.slice(at + 1)} : ${value}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [text]);
    else group.push(text);
  }
  return [...groups]
    .flatMap(([name, group]) =>
      chunks(group).map((part) => `${verb} element ip ${TABLE} ${name} { ${part.join(', ')} }\n`),
    )
    .join('');
}

/** The prefix lengths that elements use, ascending, by shard. */
export function lengthsOf(elements: Elements): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const name of new Set(elements.keys().map((element) => element.slice(0, element.indexOf(' '))))) {
    const place = placeOf(name);
    if (place === undefined) continue;
    const lengths = found.get(place.shard);
    if (lengths === undefined) found.set(place.shard, new Set([place.length]));
    else lengths.add(place.length);
  }
  return new Map([...found].map(([shard, lengths]) => [shard, new Set([...lengths].sort((a, b) => a - b))]));
}

/** What makes the sets that `nft list` printed hold what they shall. */
export function compareListing(listing: string, wanted: Elements): ElementChange {
  return compareElements(parseListing(listing), wanted);
}

/** Parses the output of `nft list set` and `nft list map`, one after another, into elements as we write them. */
export function parseListing(listing: string): Elements {
  const elements: Elements = new Map();
  for (const [, name = '', body = ''] of listing.matchAll(/(?:set|map) (\w+) \{[^{}]*?elements = \{([^}]*)\}/g)) {
    for (const item of body.split(',')) {
      const text = item.trim();
      const at = text.indexOf(' : ');
      const value = at < 0 ? '' : text.slice(at + 3);
      const key = at < 0 ? plainMark(text) : text.slice(0, at);
      elements.set(`${name} ${key}`, value === '' || value.includes('/') ? value : `${value}/32`);
    }
  }
  return elements;
}

/** The kernel prints the small number of a connection mark in full. */
function plainMark(key: string): string {
  const at = key.indexOf(' 0x0000000');
  return key.startsWith(' . ', at + 11) ? `${key.slice(0, at + 1)}${key.slice(at + 10)}` : key;
}

function chunks(items: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < items.length; at += ELEMENTS_PER_COMMAND)
    parts.push(items.slice(at, at + ELEMENTS_PER_COMMAND));
  return parts;
}
