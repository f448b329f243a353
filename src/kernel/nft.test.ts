import { expect, test } from 'vitest';
import { fakeRunner } from './fake.ts';
import { listenTo } from './listen.ts';
import { type Foreign, nftTable } from './nft.ts';

const START = 100;

test('each transaction carries the next number; one that failed is not counted, and past numbers are flushed now and then', async () => {
  let isRefusing = false;
  const runner = fakeRunner(() => (isRefusing ? undefined : ''));
  const table = nftTable(runner, 't', START);
  await table.apply('add chain ip t a\n');
  isRefusing = true;
  await expect(table.apply('add chain ip t b\n')).rejects.toThrow('nft -f -');
  isRefusing = false;
  await table.apply('');
  expect(runner.text()).toBe(`nft -f -
  add table ip t
  add set ip t generation { type mark; }
  flush set ip t generation
  add element ip t generation { 101 }
  add chain ip t a
nft -f -
  add table ip t
  add set ip t generation { type mark; }
  add element ip t generation { 102 }
  add chain ip t b
nft -f -
  add table ip t
  add set ip t generation { type mark; }
  add element ip t generation { 102 }`);
  runner.clear();
  for (let number = 103; number <= 256; number += 1) await table.apply('');
  expect(runner.text().match(/flush set ip t generation\n.*/g)).toEqual([
    'flush set ip t generation\n  add element ip t generation { 256 }',
  ]);
});

const elements = (count: number) => new Map(Array.from({ length: count }, (_, n) => [`s 10.0.0.0 . ${n}`, '']));

test('a change of few elements goes to the writer with the next number, and only what it did is counted', async () => {
  const runner = fakeRunner(() => '');
  const requests: string[] = [];
  let isDone = true;
  const write = async (request: string) => {
    requests.push(request);
    return isDone;
  };
  const table = nftTable(runner, 't', START, { write, stop: () => undefined });
  const one = { remove: new Map(), add: elements(1) };
  expect(await table.change(one)).toBe(true);
  isDone = false;
  expect(await table.change(one)).toBe(false);
  await table.apply('');
  isDone = true;
  expect(await table.change(one)).toBe(true);
  expect(requests).toEqual([
    't !generation +generation 65000000 +s 0a00000000000000\n',
    't +generation 66000000 +s 0a00000000000000\n',
    't +generation 67000000 +s 0a00000000000000\n',
  ]);
  expect(runner.text()).toContain('generation { 102 }');
  expect(await table.change({ remove: elements(1000), add: elements(1001) })).toBe(false);
  expect(await nftTable(runner, 't', START).change(one)).toBe(false);
  expect(requests).toHaveLength(3);
});

test('several sets are listed by one process, none by none', async () => {
  const runner = fakeRunner(() => 'text');
  const table = nftTable(runner, 't', START);
  expect(await table.list(['map r24s5', 'set bound24s5'])).toBe('text');
  expect(await table.list([])).toBe('');
  expect(runner.text()).toBe(`env HOME=/dev/null nft -i
  list map ip t r24s5
  list set ip t bound24s5`);
});

test('a watch is ready with the first transaction of its own that it sees, and tells what others do until it is stopped', async () => {
  const runner = fakeRunner(() => '');
  const told: Foreign[] = [];
  const say = (line: string) => runner.emit(listenTo('t').join(' '), line);
  const table = nftTable(runner, 't', START);
  const watch = table.watch((what) => told.push(what));
  say('lost 1 .');
  await table.apply('');
  // That one, and the one that tries out what is heard.
  expect(runner.text()).toMatch(/\{ 101 \}[^]*\{ 102 \}/);
  say('2 101 frame - .');
  await watch.ready;
  say('4 - rest s .');
  expect(told).toEqual([{ detail: 'elements of s were changed', isFrame: false, sets: ['s'] }]);
  watch.stop();
  say('5 - rest s .');
  expect(told).toHaveLength(1);
});

test('when nothing can be applied to tell what was missed, anything may have been', async () => {
  const runner = fakeRunner(() => undefined);
  const { promise, resolve } = Promise.withResolvers<Foreign>();
  const watch = nftTable(runner, 't', START).watch(resolve);
  runner.emit(listenTo('t').join(' '), 'lost 1 .');
  expect(await promise).toMatchObject({ isFrame: true, sets: 'all' });
  watch.stop();
});
