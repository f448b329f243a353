/** Elements that are written without `nft`, on the real kernel: the same as `nft` writes, all of them or none, and known as ours. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ElementChange, Elements } from '../../src/gateway/compile.ts';
import { elementsText, lengthText, parseListing, setNames, setsToList } from '../../src/gateway/shards.ts';
import { type ElementWriter, WRITER, openWriter } from '../../src/kernel/elements.ts';
import { type Foreign, type NftTable, type Watch, nftTable } from '../../src/kernel/nft.ts';
import { type Runner, realRunner } from '../../src/kernel/run.ts';
import { formatCidr, prefixOf } from '../../src/net/cidr.ts';
import { formatIp, toIp } from '../../src/net/ip.ts';
import { type Machine, bootMachine, must, until } from './support.ts';

const LENGTHS = [0, 1, 7, 24, 31, 32];
const NONE: Elements = new Map();
const ONE: Elements = new Map([
  ['r24s3 100.64.0.3 . 0x0001a8c0', '100.96.1.0/24'],
  ['bound24s3 100.64.0.3 . 1 . 0x00016064', ''],
]);

const CHAINS = ['lookups3', 'upward3', 'downward3', 'admit', 'deliver'];
const SETS = [
  ...CHAINS.map((name) => `add chain ip parkway ${name}\n`),
  ...LENGTHS.map((length) => lengthText(3, length)),
].join('');

let machine: Machine;
let directory: string;
let writer: ElementWriter;
let table: NftTable;
let watch: Watch;
let starts = 1000;
let lines: string[];
let told: Foreign[];
let listener: number;
/** The receive buffer that the next listener gets instead of its own. */
let buffer: string | undefined;

const inside = (argv: readonly string[]) => ['nsenter', `--target=${machine.init}`, '--net', ...argv];

function runnerInside(): Runner {
  const real = realRunner();
  return {
    run: (argv, options) => real.run(inside(argv), options),
    follow: (argv, onLine) => {
      const follower = real.follow(inside(buffer === undefined ? argv : [...argv.slice(0, -1), buffer]), (line) => {
        lines.push(line);
        onLine(line);
      });
      listener = follower.pid ?? 0;
      return follower;
    },
  };
}

/** A writer in the machine, behind a shell line that has the real one's command as its arguments and names its process. */
function writerInside(line = 'exec "$@"', timeoutMs?: number): ElementWriter {
  const script = `echo $$ > ${directory}/pid; ${line}`;
  return openWriter(inside(['sh', '-c', script, 'writer', ...WRITER]), timeoutMs);
}

/** Opens a table with empty sets, and its watch. */
async function open(own: ElementWriter): Promise<void> {
  [writer, lines, told] = [own, [], []];
  table = nftTable(runnerInside(), 'parkway', (starts += 1000), own);
  await table.apply(SETS);
  watch = table.watch((what) => told.push(what));
  await watch.ready;
}

const pid = async () => Number(await readFile(join(directory, 'pid'), 'utf8'));
const change = (remove: Elements, add: Elements) => table.change({ remove, add });
const held = async () => parseListing(await table.list(setsToList(3, LENGTHS)));
const sorted = (elements: Elements) => [...elements].sort(([a], [b]) => (a < b ? -1 : 1));
const losses = () => lines.filter((line) => line.startsWith('lost')).length;
const twin = (text: string) =>
  must(machine, 'nft -f -', `add table ip twin\n${text.replaceAll('ip parkway', 'ip twin')}`);
const textOf = ({ remove, add }: ElementChange) => elementsText('delete', remove) + elementsText('add', add);

/** Waits until all that was done before is heard: a transaction of ours comes after it. */
async function heard(): Promise<void> {
  await table.apply('');
  const elements = (await table.list(['set generation'])).match(/0x\w+/g) ?? [];
  const number = Math.max(...elements.map(Number));
  await until(() => expect(lines.some((line) => line.split(' ')[1] === String(number))).toBe(true));
}

/** Numbers that look random and are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
}

function randomElements(seed: number, count: number): Elements {
  const next = numbers(seed);
  const elements: Elements = new Map();
  const mark = () => `0x${next().toString(16).padStart(8, '0')}`;
  while (elements.size < count) {
    const length = LENGTHS[(next() >>> 8) % LENGTHS.length] ?? 0;
    const user = formatIp(toIp(next()));
    if (next() >>> 31 === 0) elements.set(`bound${length}s3 ${user} . ${next() >>> 31} . ${mark()}`, '');
    else elements.set(`r${length}s3 ${user} . ${mark()}`, formatCidr(prefixOf(toIp(next()), length)));
  }
  return elements;
}

/** The elements of a table's sets as the kernel has them, byte by byte. */
async function bytesOf(name: string): Promise<string[]> {
  const sets = setNames(3, LENGTHS).map((set) => `${set.startsWith('r') ? 'map' : 'set'} ip ${name} ${set}`);
  const listed = await Promise.all(
    sets.map(async (set) => {
      const text = await must(machine, `nft --debug=netlink list ${set}`);
      return text.split('\n').flatMap((line) => (/^\s+element /.test(line) ? [`${set.split(' ')[3]} ${line}`] : []));
    }),
  );
  return listed.flat().sort();
}

beforeAll(async () => {
  machine = await bootMachine('elements');
  directory = await mkdtemp(join(tmpdir(), 'parkway-elements-'));
});

beforeEach(async () => {
  buffer = undefined;
  await must(machine, 'nft flush ruleset');
});

afterEach(() => {
  watch.stop();
  writer.stop();
});

afterAll(async () => {
  await machine.kill();
  await rm(directory, { recursive: true });
});

test('elements are the same, byte by byte, as nft writes them, and are ours', async () => {
  await open(writerInside());
  await twin(SETS);
  const first = randomElements(1, 1998);
  const replaced: Elements = new Map(
    [...first]
      .filter(([, value]) => value !== '')
      .slice(0, 500)
      .map(([key]) => [key, '10.0.0.0/8'] as const),
  );
  const changes: ElementChange[] = [
    { remove: NONE, add: ONE },
    { remove: ONE, add: first },
    { remove: new Map([...first].slice(0, 700)), add: randomElements(2, 300) },
    { remove: NONE, add: first },
    { remove: new Map([...first].filter(([key]) => replaced.has(key))), add: replaced },
  ];
  for (const one of changes) {
    expect(await table.change(one)).toBe(true);
    await twin(textOf(one));
    expect(await bytesOf('parkway')).toEqual(await bytesOf('twin'));
  }
  const wanted = new Map([...first, ...randomElements(2, 300), ...replaced]);
  expect(sorted(await held())).toEqual(sorted(wanted));
  await heard();
  expect(told).toEqual([]);
});

test('what the kernel refuses in one place is not done at all, is not counted, and nft says why', async () => {
  await open(writerInside());
  const many = randomElements(3, 1500);
  expect(await change(NONE, many)).toBe(true);
  const before = await bytesOf('parkway');
  const missing: Elements = new Map([...[...many].slice(0, 900), ...ONE]);
  expect(await change(missing, randomElements(4, 100))).toBe(false);
  expect(await change(NONE, new Map([...randomElements(4, 100), ['r9s3 1.2.3.4 . 0x00000001', '10.0.0.0/9']]))).toBe(
    false,
  );
  const other = [...many].filter(([, value]) => value !== '').map(([key]) => [key, '99.0.0.0/8'] as const);
  expect(await change(NONE, new Map([...randomElements(4, 100), ...other.slice(0, 1)]))).toBe(false);
  expect(await bytesOf('parkway')).toEqual(before);
  await expect(table.apply(textOf({ remove: missing, add: NONE }))).rejects.toThrow('No such file or directory');
  expect(await change(NONE, ONE)).toBe(true);
  await heard();
  expect(told).toEqual([]);
});

test('hundreds of changes in a row are ours, and what somebody else does among them is told', async () => {
  await open(writerInside());
  for (let n = 0; n < 300; n += 1) {
    const [remove, add] = n % 2 === 0 ? [NONE, ONE] : [ONE, NONE];
    expect(await change(remove, add)).toBe(true);
  }
  // Now and then the past numbers are flushed.
  expect((await table.list(['set generation'])).match(/0x\w+/g)?.length).toBeLessThan(256);
  await heard();
  expect(told).toEqual([]);
  await must(machine, 'nft add element ip parkway bound24s3 "{ 100.64.0.3 . 1 . 0x00016064 }"');
  expect(await change(NONE, new Map([['bound32s3 100.64.0.3 . 1 . 0x00016064', '']]))).toBe(true);
  await heard();
  expect(told).toEqual([expect.objectContaining({ isFrame: false, sets: ['bound24s3'] })]);
});

test('a writer that is killed between two requests is replaced; until then nft does the work', async () => {
  await open(writerInside());
  expect(await change(NONE, ONE)).toBe(true);
  process.kill(await pid(), 'SIGKILL');
  expect(await change(ONE, NONE)).toBe(false);
  expect(sorted(await held())).toEqual(sorted(ONE));
  await table.apply(textOf({ remove: ONE, add: NONE }));
  await until(async () => expect(await change(NONE, ONE)).toBe(true));
  expect(sorted(await held())).toEqual(sorted(ONE));
  await heard();
  expect(told).toEqual([]);
});

test.each([
  ['is killed during a request', undefined],
  ['hangs', 100],
])('a writer that %s has done nothing, and does not do it later', async (_, timeoutMs) => {
  await open(writerInside(undefined, timeoutMs));
  expect(await change(NONE, ONE)).toBe(true);
  const id = await pid();
  process.kill(id, 'SIGSTOP');
  const changed = change(ONE, NONE);
  if (timeoutMs === undefined) setImmediate(() => process.kill(id, 'SIGKILL'));
  expect(await changed).toBe(false);
  await table.apply(textOf({ remove: NONE, add: new Map([['bound32s3 1.2.3.4 . 1 . 0x00000001', '']]) }));
  expect((await held()).size).toBe(3);
  await heard();
  expect(told).toEqual([]);
});

test('a request that was done without an answer fools nobody: done again it changes no element, what is gone is refused, and both are told', async () => {
  // Each writer does one request, and its answer is lost.
  await open(writerInside('head -n 1 | "$@" > /dev/null'));
  expect(await change(NONE, ONE)).toBe(false);
  expect(sorted(await held())).toEqual(sorted(ONE));
  await table.apply(textOf({ remove: NONE, add: ONE }));
  expect(sorted(await held())).toEqual(sorted(ONE));
  await heard();
  expect(told).toEqual([expect.objectContaining({ isFrame: true, sets: [] })]);
  await until(async () => {
    expect(await change(ONE, NONE)).toBe(false);
    expect((await held()).size).toBe(0);
  });
  await expect(table.apply(textOf({ remove: ONE, add: NONE }))).rejects.toThrow('No such file or directory');
  await table.apply(textOf({ remove: NONE, add: ONE }));
  await heard();
  expect(told.slice(1)).toEqual([expect.objectContaining({ isFrame: true, sets: ['bound24s3', 'r24s3'] })]);
});

test('a listener that lost messages of ours finds nothing foreign', async () => {
  buffer = '20000';
  await open(writerInside());
  process.kill(listener, 'SIGSTOP');
  expect(await change(NONE, randomElements(5, 2000))).toBe(true);
  process.kill(listener, 'SIGCONT');
  await until(() => expect(losses()).toBeGreaterThan(1));
  await heard();
  expect(told).toEqual([]);
});
