import { expect, test } from 'vitest';
import type { ElementChange } from '../kernel/elements.ts';
import { fakeRunner } from '../kernel/fake.ts';
import { cidr } from '../net/cidr.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import type { Elements } from './compile.ts';
import { openRuleSet } from './ruleset.ts';
import { lengthText } from './shards.ts';

const NONE: Elements = new Map();
const bound = (length: number, key: string): Elements => new Map([[`bound${length}s3 100.64.0.3 . ${key}`, '']]);

/** A rule set with an empty shard 3, and what it asks for. `refuses` is whether the writer, and a word that `nft`, does not take. */
async function openShard(refuses: { writer: boolean; word: string }) {
  const log: (string | ElementChange)[] = [];
  const rules = openRuleSet({
    runner: fakeRunner(() => ''),
    table: {
      apply: async (commands) => {
        log.push(commands);
        if (commands.includes(refuses.word)) throw new Error('no');
      },
      change: async (change) => {
        log.push(change);
        return !refuses.writer;
      },
      list: async () => '',
    },
    pools: DEFAULT_POOLS,
    limits: { newPerSecond: 1, burst: 1, connections: 1 },
    port: 1,
    address: cidr('100.80.0.1/32').base,
    report: () => undefined,
  });
  await rules.load(new Map([[3, bound(24, '1 . 0x00000000')]]));
  log.length = 0;
  return { rules, log };
}

test('elements of sets that are there are for the writer, a new prefix length is for nft', async () => {
  const { rules, log } = await openShard({ writer: false, word: '-' });
  const [known, fresh] = [bound(24, '1 . 0x00000001'), bound(25, '1 . 0x00000002')];
  expect(await rules.change({ remove: NONE, add: known })).toBeUndefined();
  expect(await rules.change({ remove: known, add: fresh })).toBeUndefined();
  expect(await rules.change({ remove: fresh, add: NONE })).toBeUndefined();
  expect(log).toEqual([
    { remove: NONE, add: known },
    `${lengthText(3, 25)}delete element ip parkway bound24s3 { 100.64.0.3 . 1 . 0x00000001 }\nadd element ip parkway bound25s3 { 100.64.0.3 . 1 . 0x00000002 }\n`,
    { remove: fresh, add: NONE },
  ]);
});

test('what the writer does not do nft does, and a withdrawal that is refused there has the shard loaded', async () => {
  const { rules, log } = await openShard({ writer: true, word: 'delete' });
  const one = bound(24, '1 . 0x00000001');
  expect(await rules.change({ remove: NONE, add: one })).toBeUndefined();
  expect(log).toEqual([
    { remove: NONE, add: one },
    'add element ip parkway bound24s3 { 100.64.0.3 . 1 . 0x00000001 }\n',
  ]);
  expect(await rules.change({ remove: one, add: NONE })).toMatchObject({ shards: [3] });
  expect(rules.isWhole()).toBe(true);
});

test('a kernel that takes no grant at all is not asked about each; what it refused is tried again later', async () => {
  const refuses = { writer: true, word: 'add element' };
  const { rules, log } = await openShard(refuses);
  const many: Elements = new Map(
    Array.from({ length: 5000 }, (_, n) => [`bound24s3 100.64.0.3 . 1 . 0x${n.toString(16).padStart(8, '0')}`, '']),
  );
  await rules.change({ remove: NONE, add: many });
  expect(log.length).toBeLessThan(600);
  expect(rules.isWhole()).toBe(false);
  refuses.word = 'nothing';
  await rules.retry();
  expect(rules.isWhole()).toBe(true);
});
