import { expect, test } from 'vitest';
import { fakeRunner } from './fake.ts';
import { MONITOR_START, type MonitorState, monitorEnded, nftTable, readMonitor } from './nft.ts';

const START = 100;

/** Reads lines one after the other; returns the last state and what was told to be foreign. */
function read(
  lines: readonly string[],
  from: MonitorState = MONITOR_START,
): { state: MonitorState; foreign: string[] } {
  const foreign: string[] = [];
  let state = from;
  for (const line of lines) {
    const result = readMonitor(state, line, 't', START);
    ({ state } = result);
    if (result.foreign !== undefined) foreign.push(result.foreign);
  }
  return { state, foreign };
}

const ours = (number: number, generation: number) => [
  'add table ip t',
  'add set ip t generation { type mark; } ',
  `add element ip t generation { 0x${number.toString(16).padStart(8, '0')} }`,
  'delete rule ip t c handle 3',
  'delete table ip t',
  'add element ip t s { 0x00000001 }',
  `# new generation ${generation} by process 5 (nft)`,
];

test('our own transactions are not foreign, a replaced table and its rest included', () => {
  expect(read([...ours(101, 7), ...ours(102, 8)]).foreign).toEqual([]);
});

test.each([
  'delete table ip t',
  'delete element ip t s { 1 }',
  'add rule ip t c accept',
  'add element ip t generation { 0x00000001 }\nadd element ip t s { 2 }',
])('somebody else’s transaction is foreign once, from its first line: %s', (lines) => {
  const { foreign } = read([
    ...ours(101, 7),
    ...lines.split('\n'),
    'add element ip t s { 3 }',
    '# new generation 8 by process 6 (nft)',
  ]);
  expect(foreign).toEqual([lines.split('\n').at(-1)]);
});

test('other tables are nobody’s concern, whatever their names begin with', () => {
  const lines = [
    'add table ip other',
    'add rule ip tt c accept',
    'add rule inet t c accept',
    '# new generation 8 by process 6 (nft)',
  ];
  const { foreign, state } = read([...ours(101, 7), ...lines]);
  expect(foreign).toEqual([]);
  // And the count of generations goes on with them.
  expect(read(ours(102, 9), { ...state, lost: true }).foreign).toEqual([]);
});

test('what was lost is judged by the count of generations', () => {
  const { state } = read([...ours(101, 7), '# ERROR: We lost some netlink events!']);
  expect(state.lost).toBe(true);
  expect(read(ours(103, 9), state)).toMatchObject({ foreign: [], state: { lost: false } });
  expect(read(ours(103, 10), state).foreign).toEqual(['changes were made that nft monitor did not show']);
});

test('a monitor that dies over a foreign transaction does not tell it twice, and one that it missed is told', () => {
  const { state } = read([...ours(101, 7), 'delete rule ip t c handle 3']);
  const ended = monitorEnded(state);
  expect(read(ours(102, 9), ended).foreign).toEqual([]);
  expect(read(ours(102, 10), ended).foreign).toHaveLength(1);
  // Dying over one of ours changes nothing: it counts on both sides.
  const own = monitorEnded(read([...ours(101, 7), ...ours(102, 8).slice(0, 4)]).state);
  expect(read(ours(103, 9), own).foreign).toEqual([]);
});

test('each transaction carries the next number; one that failed is not counted', async () => {
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
  flush set ip t generation
  add element ip t generation { 102 }
  add chain ip t b
nft -f -
  add table ip t
  add set ip t generation { type mark; }
  flush set ip t generation
  add element ip t generation { 102 }`);
});
