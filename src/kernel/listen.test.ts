import { expect, test } from 'vitest';
import { type ListenState, bothForeign, readLine } from './listen.ts';

const FIRST: ListenState = { offset: undefined, last: 101 };

/** Reads lines one after the other while the transaction `highest` is under way. */
function read(lines: readonly string[], from = FIRST, highest = 110) {
  let state = from;
  const heard = lines.map((line) => {
    const result = readLine(state, line, highest);
    ({ state } = result);
    return result;
  });
  return { state, foreign: heard.flatMap(({ foreign }) => foreign ?? []), what: heard.map(({ what }) => what) };
}

const ALL = { isFrame: true, sets: 'all' };

// As the listener printed them on Linux 6.18: our own load, `flush set`, `add rule`, `flush ruleset`, tables `ip tt` and `inet t`.
test('our own transactions are not foreign, nor are other tables’', () => {
  const lines = [
    'lost 1 .',
    '2 101 frame s .',
    '3 102 frame - .',
    '4 - rest - .',
    '5 - rest - .',
    '6 103 gone s,r16s1 .',
  ];
  const { foreign, what } = read(lines);
  expect(foreign).toEqual([]);
  expect(what).toEqual(['lost', 'ours', 'ours', 'other', 'other', 'ours']);
});

test.each([
  ['7 - rest s .', { isFrame: false, sets: ['s'] }],
  ['7 - rest r16s1,s .', { isFrame: false, sets: ['r16s1', 's'] }],
  ['7 - frame - .', { isFrame: true, sets: [] }],
  ['7 - frame s .', { isFrame: true, sets: ['s'] }],
  ['7 - gone - .', ALL],
  ['7 - gone s .', ALL],
])('somebody else’s transaction is told once, with what it changed: %s', (line, expected) => {
  expect(read(['6 101 frame - .', line, '8 102 frame s .']).foreign).toEqual([expect.objectContaining(expected)]);
});

test.each([
  ['one of an earlier process', '7 100 frame s .'],
  ['one of ours that is past', '7 101 frame s .'],
  ['one that nobody gave out', '7 111 frame s .'],
])('a number that is not ours to expect makes a transaction no less foreign: %s', (_, line) => {
  const { foreign } = read(['5 101 frame - .', '6 102 frame - .', line, '8 103 frame - .']);
  expect(foreign).toEqual([expect.objectContaining({ isFrame: true, sets: ['s'] })]);
});

test('our table loaded again from a dump, with our last number, is told by the count', () => {
  const { foreign } = read(['6 102 frame - .', '7 102 gone s .', '8 103 frame - .']);
  expect(foreign).toEqual([expect.objectContaining(ALL)]);
});

test('what was missed is told by the count of generations, whether a loss was noticed or not, and once', () => {
  const { state } = read(['6 101 frame - .', 'lost 9 .']);
  expect(read(['10 105 frame - .'], state).foreign).toEqual([]);
  expect(read(['10 104 frame - .', '11 105 frame - .'], state).foreign).toEqual([expect.objectContaining(ALL)]);
  expect(read(['6 101 frame - .', '8 102 frame - .']).foreign).toEqual([expect.objectContaining(ALL)]);
});

test('a foreign transaction that was told is not missed, one in a line that was cut off is', () => {
  expect(read(['6 101 frame - .', '7 - rest s .', 'lost 7 .', '8 102 frame - .']).foreign).toHaveLength(1);
  const { foreign } = read(['6 101 frame - .', '7 - rest s,r1', 'lost 7 .', '8 102 frame - .']);
  expect(foreign).toEqual([expect.objectContaining(ALL)]);
});

test('two changes make one that covers both', () => {
  const a = { detail: 'a', isFrame: false, sets: ['r', 's'] };
  const b = { detail: 'b', isFrame: true, sets: ['s', 't'] };
  expect(bothForeign(a, b)).toEqual({ detail: 'a; b', isFrame: true, sets: ['r', 's', 't'] });
  expect(bothForeign(a, { detail: 'a', isFrame: false, sets: 'all' })).toEqual({ ...a, sets: 'all' });
});
