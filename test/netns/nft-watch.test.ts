/** What the watch of our table tells, on the real kernel: all that others change, nothing that we do. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Foreign, type NftTable, type Watch, nftTable } from '../../src/kernel/nft.ts';
import { type Runner, realRunner } from '../../src/kernel/run.ts';
import { type Machine, bootMachine, must, until } from './support.ts';

const SETS = `add set ip parkway a { type ipv4_addr; }
add map ip parkway b { type ipv4_addr : ipv4_addr; }
add chain ip parkway c
add element ip parkway a { 10.0.0.1 }
`;

let machine: Machine;
let table: NftTable;
let watch: Watch | undefined;
let starts = 1000;
/** Process ids and lines of the listeners of one test; `buffer` is what the next gets instead of its own. */
let pids: number[];
let lines: string[];
let buffer: string | undefined;
let told: Foreign[];

const inside = (argv: readonly string[]) => ['nsenter', `--target=${machine.init}`, '--net', ...argv];

/** Runs in the machine's network, and keeps what the listener says. */
function runnerInside(): Runner {
  const real = realRunner();
  return {
    run: (argv, options) => real.run(inside(argv), options),
    follow: (argv, onLine) => {
      const follower = real.follow(inside(buffer === undefined ? argv : [...argv.slice(0, -1), buffer]), (line) => {
        lines.push(line);
        onLine(line);
      });
      pids.push(follower.pid ?? 0);
      return follower;
    },
  };
}

async function open(): Promise<void> {
  watch = table.watch((what) => told.push(what));
  await watch.ready;
}

const nft = (commands: string) => must(machine, 'nft -f -', commands);
const listener = () => pids.at(-1) ?? 0;
const losses = () => lines.filter((line) => line.startsWith('lost')).length;

/** Waits until all that was done before is heard: a transaction of ours comes after it. */
async function heard(): Promise<void> {
  await table.apply('');
  const elements = (await table.list(['set generation'])).match(/0x\w+/g) ?? [];
  const number = Math.max(...elements.map(Number));
  await until(() => expect(lines.some((line) => line.split(' ')[1] === String(number))).toBe(true));
}

const load = (set: string, count: number) =>
  `add element ip parkway ${set} { ${Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`).join(', ')} }\n`;

beforeAll(async () => {
  machine = await bootMachine('watch');
});

beforeEach(async () => {
  [pids, lines, told, buffer] = [[], [], [], undefined];
  await nft('flush ruleset');
  table = nftTable(runnerInside(), 'parkway', (starts += 1000));
  await table.apply(SETS);
});

afterEach(() => watch?.stop());
afterAll(() => machine.kill());

test.each([
  ['add element ip parkway a { 10.0.0.2 }', { isFrame: false, sets: ['a'] }],
  ['delete element ip parkway a { 10.0.0.1 }', { isFrame: false, sets: ['a'] }],
  ['flush set ip parkway a\nadd element ip parkway b { 10.0.0.1 : 10.0.0.2 }', { isFrame: false, sets: ['a', 'b'] }],
  ['add rule ip parkway c accept', { isFrame: true, sets: [] }],
  ['add rule ip parkway c accept\ndelete element ip parkway a { 10.0.0.1 }', { isFrame: true, sets: ['a'] }],
  ['add set ip parkway d { type mark; }', { isFrame: true, sets: [] }],
  ['add table ip parkway { flags dormant; }', { isFrame: true, sets: [] }],
  ['delete set ip parkway a', { isFrame: true, sets: 'all' }],
  ['delete table ip parkway', { isFrame: true, sets: 'all' }],
  ['flush ruleset', { isFrame: true, sets: 'all' }],
])('a foreign change is told once, with what it changed (VPN-6): %s', async (commands, expected) => {
  await open();
  await nft(commands);
  await heard();
  expect(told).toEqual([expect.objectContaining(expected)]);
});

test('a dump of the table that somebody loads again, our number included, is told', async () => {
  await open();
  const dump = await must(machine, 'nft list ruleset');
  await nft(`flush ruleset\n${dump}`);
  await heard();
  expect(told).toEqual([expect.objectContaining({ isFrame: true, sets: 'all' })]);
});

test('other tables’ changes are not told, and do not look like a loss later', async () => {
  await open();
  const names = ['ip other', 'inet parkway', 'ip parkways'];
  await nft(names.map((name) => `add table ${name}\nadd set ${name} a { type mark; }\n`).join(''));
  await nft(names.map((name) => `add element ${name} a { 1, 2 }\n`).join(''));
  await heard();
  await nft(names.map((name) => `delete table ${name}\n`).join(''));
  await heard();
  expect(told).toEqual([]);
});

test('100,000 elements of our own are not foreign, and cost the listener less than 1 s and 20 MB', async () => {
  await open();
  await table.apply(load('a', 100_000));
  await table.apply('flush set ip parkway a\n');
  await table.apply('delete chain ip parkway c\n');
  await heard();
  expect(told).toEqual([]);
  expect(losses()).toBe(1);
  const [user = 0, system = 0] = (await readFile(`/proc/${listener()}/stat`, 'utf8'))
    .split(' ')
    .slice(13, 15)
    .map(Number);
  expect(user + system).toBeLessThan(100);
  const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${listener()}/status`, 'utf8'))?.[1];
  expect(Number(peak)).toBeLessThan(20_000);
});

test.each([
  ['one that nobody else was in is not', '', []],
  ['a foreign change in it is', 'delete element ip parkway a { 10.0.0.1 }', [{ isFrame: true, sets: 'all' }]],
])('messages that were lost are noticed; %s told', async (_, commands, expected) => {
  buffer = '20000';
  await open();
  process.kill(listener(), 'SIGSTOP');
  await table.apply(load('b', 5000).replaceAll(/(10\.\d+\.\d+\.\d+)/g, '$1 : 10.0.0.1'));
  if (commands !== '') await nft(commands);
  process.kill(listener(), 'SIGCONT');
  await until(() => expect(losses()).toBeGreaterThan(1));
  await heard();
  expect(told).toMatchObject(expected);
  await nft('add rule ip parkway c accept');
  await heard();
  expect(told).toHaveLength(expected.length + 1);
});

test.each([
  ['and missed nothing', '', []],
  ['and what it missed is told', 'delete element ip parkway a { 10.0.0.1 }', [{ isFrame: true, sets: 'all' }]],
])('a listener that was killed is started again %s', async (_, commands, expected) => {
  await open();
  // It is held until the change is made, so that it cannot be seen.
  process.kill(listener(), 'SIGSTOP');
  await table.apply('add element ip parkway a { 10.0.0.3 }\n');
  if (commands !== '') await nft(commands);
  process.kill(listener(), 'SIGKILL');
  await until(() => expect(losses()).toBe(2));
  await heard();
  expect(told).toMatchObject(expected);
});

test('sets and maps are listed together; one that is not there is left out', async () => {
  const text = await table.list(['set a', 'map nosuch', 'map b']);
  expect(text).toContain('set a {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1 }');
  expect(text).toContain('map b {\n\t\ttype ipv4_addr : ipv4_addr\n');
  expect(text).not.toContain('nosuch');
});
