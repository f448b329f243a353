import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { SHARDS, placeOf, shardOf } from './compile.ts';
import { foreignChains, frameText } from './rules.ts';
import { compareListing, elementsText, emptyShardText, lengthsOf, parseListing, setsToList } from './shards.ts';

/** What `nft -i` (1.0.6) prints for a map and two sets. */
const LISTING = `table ip parkway {
	map r24s11 {
		type ipv4_addr . mark : interval ipv4_addr
		elements = { 100.64.0.11 . 0x0001a8c0 : 100.96.1.0/24, 100.64.0.75 . 0x0001a8c0 : 100.96.2.0/24,
			     100.64.0.75 . 0x0002a8c0 : 100.96.7.9 }
	}
}
table ip parkway {
	set bound24s11 {
		type ipv4_addr . mark . mark
		elements = { 100.64.0.11 . 0x00000001 . 0x00016064,
			     100.64.0.11 . 0x00000000 . 0x00016064 }
	}
}
table ip parkway {
	set bound16s11 {
		type ipv4_addr . mark . mark
	}
}
`;

const HELD = new Map([
  ['r24s11 100.64.0.11 . 0x0001a8c0', '100.96.1.0/24'],
  ['r24s11 100.64.0.75 . 0x0001a8c0', '100.96.2.0/24'],
  ['r24s11 100.64.0.75 . 0x0002a8c0', '100.96.7.9/32'],
  ['bound24s11 100.64.0.11 . 1 . 0x00016064', ''],
  ['bound24s11 100.64.0.11 . 0 . 0x00016064', ''],
]);

test('what nft prints of sets is read as the elements that were written', () => {
  expect(parseListing(LISTING)).toEqual(HELD);
  expect(parseListing('')).toEqual(new Map());
});

test('a shard differs by what is missing, what is foreign, and what leads elsewhere', () => {
  expect(compareListing(LISTING, HELD)).toEqual({ remove: new Map(), add: new Map() });
  const wanted = new Map([...HELD].filter(([key]) => !key.startsWith('bound24s11 100.64.0.11 . 0')));
  wanted.set('r24s11 100.64.0.75 . 0x0001a8c0', '100.96.3.0/24').set('bound16s11 100.64.0.11 . 1 . 0x00000064', '');
  expect(compareListing(LISTING, wanted)).toEqual({
    remove: new Map([
      ['r24s11 100.64.0.75 . 0x0001a8c0', '100.96.2.0/24'],
      ['bound24s11 100.64.0.11 . 0 . 0x00016064', ''],
    ]),
    add: new Map([
      ['r24s11 100.64.0.75 . 0x0001a8c0', '100.96.3.0/24'],
      ['bound16s11 100.64.0.11 . 1 . 0x00000064', ''],
    ]),
  });
});

test('every address has a shard, neighbours have different ones, and names tell them', () => {
  expect(new Set(Array.from({ length: SHARDS }, (_, n) => shardOf(toIp(0x64400000 + n)))).size).toBe(SHARDS);
  expect(shardOf(toIp(0x6440000b + SHARDS))).toBe(11);
  expect(placeOf('bound24s11 100.64.0.11 . 1 . 0x00016064')).toEqual({ length: 24, shard: 11 });
  expect(placeOf('r8s63')).toEqual({ length: 8, shard: 63 });
  for (const other of ['limited', 'generation', 'r24', 'xr24s1', 'r24s1x']) expect(placeOf(other)).toBeUndefined();
  expect(lengthsOf(HELD)).toEqual(new Map([[11, new Set([24])]]));
  expect(setsToList(11, [24])).toEqual(['map r24s11', 'set bound24s11']);
});

test('a shard is emptied before it is filled, and loses the sets that nobody needs any more', () => {
  const lines = emptyShardText(5, [16, 24], new Set([24])).split('\n');
  const at = (line: string) => lines.findIndex((one) => one.startsWith(line));
  expect(lines.filter((line) => line.startsWith('delete'))).toEqual([
    'delete map ip parkway r16s5',
    'delete set ip parkway bound16s5',
  ]);
  // A set that a rule asks cannot be deleted, and one that is filled before it is emptied keeps nothing.
  expect(at('flush chain ip parkway upward5')).toBeLessThan(at('delete'));
  expect(at('flush set ip parkway bound24s5')).toBeGreaterThan(at('add set ip parkway bound24s5'));
  expect(at('add rule ip parkway upward5')).toBeGreaterThan(at('flush chain ip parkway upward5'));
  expect(elementsText('add', [])).toBe('');
});

const FRAME = {
  slots: ['slot1'],
  agents: 'agents',
  ports: [51820],
  users: '100.64.0.0/12',
  infrastructure: '100.80.0.0/12',
  alias: '100.96.0.0/11',
  hidden: '240.0.0.0/4',
  address: '100.80.0.1',
  probePort: 7,
  limits: { newPerSecond: 50, burst: 200, connections: 4096 },
};

test('the frame leaves the sets and the chains of shards as they are (AVL-4)', () => {
  const text = frameText(FRAME);
  expect(text).not.toMatch(/flush (table|set|map)|delete/);
  expect(text).not.toMatch(/flush chain ip parkway (lookups|upward|downward)\d/);
  expect(text).toMatch(/flush chain ip parkway forward_\n/);
});

test('chains of others in our table are told by their names', () => {
  const chains = [...frameText(FRAME).matchAll(/chain (\S+) \{/g)].map(([, name]) => name);
  expect(foreignChains(listing(chains), FRAME)).toEqual([]);
  expect(foreignChains(listing([...chains, 'mine', 'upward64']), FRAME)).toEqual(['mine', 'upward64']);
});

/** What `nft list chains ip` prints when our table has these. */
function listing(names: readonly (string | undefined)[]): string {
  const own = names.map((name) => `\tchain ${name} {\n\t}\n`);
  return `table ip other {\n\tchain theirs {\n\t}\n}\ntable ip parkway {\n${own.join('')}}\n`;
}
