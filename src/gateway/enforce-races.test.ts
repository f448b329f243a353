/**
 * Changes, snapshots, foreign changes, sweeps and refusals that overlap in time, in random order and with random delays, before
 * a kernel that understands the commands about sets and their elements.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ip, toIp } from '../net/ip.ts';
import { newKeyPair, sealTo } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { anythingForeign } from '../kernel/listen.ts';
import { nftTable } from '../kernel/nft.ts';
import { KernelError, type Runner } from '../kernel/run.ts';
import { type Gone, type Rows, type RowsJson, rowsSchema } from '../wire/state.ts';
import { compareElements } from './compile.ts';
import { openEnforcer } from './enforce.ts';
import { compileAll } from './reconcile.ts';
import { NO_GONE, NO_ROWS, type State, applyChange, emptyState } from './state.ts';

const tunnel = newKeyPair('x25519');
const slot = newKeyPair('x25519');
const rows = (json: RowsJson): Rows => rowsSchema.parse(json);
/** Two in one shard, and one in each of two others. */
const USERS = [11, 12, 13, 75].map((last) => toIp(0x64400000 + last));
const BASE: RowsJson = {
  slots: [
    {
      slot: 1,
      address: toIp(0xcb007101),
      port: 51820,
      publicKey: slot.publicKey,
      sealedKey: sealTo(tunnel.publicKey, 'slot 1', Buffer.from(slot.privateKey.reveal(), 'base64')),
      users: '100.64.0.0/16',
    },
  ],
  // All want the same network; one is wider than the others.
  subnets: [1, 2, 3].map((n) => ({
    subnet: n,
    plant: n,
    network: n === 3 ? '192.168.0.0/20' : '192.168.1.0/24',
    range: n === 3 ? '100.97.0.0/20' : `100.96.${n}.0/24`,
    since: n,
  })),
  users: USERS.map((address) => ({ address, slot: 1, publicKey: newKeyPair('x25519').publicKey })),
  reach: USERS.flatMap((user) => [1, 3].map((plant): [number, number, number] => [user, plant, plant])),
};

/** The sets of the table and their elements. A transaction is done as a whole or not at all. */
class Sets {
  held = new Map<string, Map<string, string>>();

  transact(input: string): void {
    const next = new Map([...this.held].map(([name, elements]) => [name, new Map(elements)]));
    for (const line of input.split('\n')) command(next, line);
    this.held = next;
  }

  /** The users' elements as `compileAll` writes them. */
  elements(): Map<string, string> {
    const users = [...this.held].filter(([name]) => /^(r|bound)\d/.test(name));
    return new Map(
      users.flatMap(([name, own]) => [...own].map(([key, value]): [string, string] => [`${name} ${key}`, value])),
    );
  }

  /** As `nft list` prints them. */
  list(input: string): string {
    return [...input.matchAll(/^list (\w+) ip parkway (\w+)$/gm)]
      .map(([, kind, name = '']) => {
        const own = [...(this.held.get(name) ?? [])].map(([key, value]) =>
          value === '' ? key.replace(/ \. (\d) \. /, ' . 0x0000000$1 . ') : `${key} : ${value}`,
        );
        return own.length === 0 ? '' : `\t${kind} ${name} {\n\t\telements = { ${own.join(', ')} }\n\t}\n`;
      })
      .join('');
  }
}

function command(sets: Map<string, Map<string, string>>, line: string): void {
  if (line.startsWith('delete table')) return sets.clear();
  const [, verb, what, name = '', rest = ''] =
    /^(add|flush|delete) (set|map|element) ip parkway (\w+)(?: \{ (.*) \})?$/.exec(line) ?? [];
  const set = sets.get(name) ?? new Map<string, string>();
  if (verb === undefined) return;
  if (verb === 'add' && what !== 'element') return void sets.set(name, set);
  if (!sets.has(name)) throw new Error(`no ${name}`);
  if (verb === 'flush') return set.clear();
  if (what !== 'element') return void sets.delete(name);
  for (const item of rest.split(', ')) {
    const [key = '', value = ''] = item.split(' : ');
    if (verb === 'delete' && !set.delete(key)) throw new Error(`no ${key} in ${name}`);
    if (verb === 'add' && (set.get(key) ?? value) !== value) throw new Error(`${key} is in ${name}`);
    if (verb === 'add') set.set(key, value);
  }
}

/** What is in the way of nobody. */
const CALM = ['grant', 'withdraw', 'pause', 'leave', 'join', 'resubnet', 'snapshot', 'sweep', 'check'] as const;
/** Elements are deleted by somebody else, all sets are; the kernel refuses some transactions. */
const HARM = ['foreign', 'lost', 'refuse'] as const;

/** One step of a history: what happens, about which user and plant, and how long until the next. */
interface Step {
  readonly what: (typeof CALM)[number] | (typeof HARM)[number];
  readonly user: Ip;
  readonly plant: number;
  readonly wait: number;
}

const histories = (what: readonly Step['what'][]) =>
  fc.array(
    fc.record<Step>({
      what: fc.constantFrom(...what),
      user: fc.constantFrom(...USERS),
      plant: fc.integer({ min: 1, max: 3 }),
      wait: fc.nat({ max: 6 }),
    }),
    { minLength: 5, maxLength: 30 },
  );
/** How long the kernel takes for one thing after another. */
const delays = fc.array(fc.nat({ max: 5 }), { minLength: 7, maxLength: 13 });

const some = (json: RowsJson) => ({ rows: rows(json), gone: NO_GONE });

/** What a step says to the rows; nothing when it is about something else. */
function deltaOf({ what, user, plant }: Step, revision: number): { rows: Rows; gone: Gone } | undefined {
  if (what === 'grant') return some({ reach: [[user, plant, revision]] });
  if (what === 'withdraw') return { rows: NO_ROWS, gone: { ...NO_GONE, reach: [[user, plant]] } };
  if (what === 'pause')
    return some({ settings: [{ user, subnet: plant, chosen: revision, paused: revision % 2 === 0 }] });
  if (what === 'leave') return { rows: NO_ROWS, gone: { ...NO_GONE, users: [user] } };
  if (what === 'join') return some({ users: BASE.users?.filter(({ address }) => address === user) ?? [] });
  const [subnet] = BASE.subnets?.filter((row) => row.subnet === plant) ?? [];
  return what === 'resubnet' && subnet !== undefined
    ? some({ subnets: [{ ...subnet, network: `192.168.${revision % 3}.0/24`, range: `100.96.${plant}.0/24` }] })
    : undefined;
}

/** Plays a history. Returns what was wrong on the way or in the end, and what the enforcer had to repair of the rules. */
async function play(
  steps: readonly Step[],
  pauses: readonly number[],
): Promise<{ readonly wrong: readonly string[]; readonly reports: readonly string[] }> {
  const sets = new Sets();
  const [wrong, reports]: [string[], string[]] = [[], []];
  let state = stateOf(rows(BASE));
  // Those of before snapshots whose turn may not have come.
  let older: State[] = [];
  let [draws, refusals, strangers] = [0, 0, 0];
  const pause = async () => {
    for (let n = pauses[(draws += 1) % pauses.length] ?? 0; n > 0; n -= 1) await nextTurn();
  };
  const runner: Runner = {
    run: async (argv, { input = '' } = {}) => {
      const line = argv.join(' ');
      await pause();
      if (line === 'wg show agents dump') return `x\t${tunnel.publicKey}\t51900\toff\n`;
      if (line === 'wg show slot1 dump') return `x\t${slot.publicKey}\t51820\t0x5001\n`;
      if (line === 'env HOME=/dev/null nft -i') return sets.list(input);
      if (line.startsWith('ip -j ')) return '[]\n'.repeat(input.trimEnd().split('\n').length);
      if (line !== 'nft -f -') return '';
      if (refusals > 0) {
        refusals -= 1;
        throw new KernelError(argv, 'ended with 1', 'refused');
      }
      const had = sets.elements();
      try {
        sets.transact(input);
      } catch (error) {
        throw new KernelError(argv, String(error), '');
      }
      const may = new Map([...older, state].flatMap((one) => [...wanted(one)]));
      for (const key of sets.elements().keys())
        if (!had.has(key) && !may.has(key)) wrong.push(`grants ${key} that is withdrawn`);
      await pause();
      return '';
    },
    follow: () => ({ pid: undefined, stop: () => undefined, ended: Promise.resolve() }),
  };
  const enforcer = openEnforcer({
    runner,
    table: nftTable(runner, 'parkway', 1),
    pools: DEFAULT_POOLS,
    limits: { newPerSecond: 50, burst: 200, connections: 4096 },
    tunnelKey: tunnel.privateKey,
    port: 51900,
    address: toIp(0x64500001),
    uplink: undefined,
    report: (what, detail) => void (what === 'rules' && reports.push(detail)),
    elementsPerLoad: 1,
  });
  const running: Promise<unknown>[] = [enforcer.converge(state)];
  // Like the sync: changes one after another, a snapshot between two of them and nobody waits for its end.
  let following = Promise.resolve();
  let isChanging = false;
  const follow = (work: () => Promise<void>) => void (following = following.then(work));
  const acknowledge = (what: string) => {
    if (!enforcer.isWhole() || strangers > 0) return;
    const { remove, add } = compareElements(sets.elements(), wanted(state));
    if (remove.size + add.size > 0)
      wrong.push(`${what}: passes ${[...remove].join('; ')}, lacks ${[...add].join('; ')}`);
  };

  function foreign(one: Step): void {
    const elements = [...sets.held].filter(([name, own]) => /^(r|bound)\d/.test(name) && own.size > 0);
    const [name, own] = elements[one.plant % Math.max(1, elements.length)] ?? [];
    if (one.what === 'lost') sets.held.clear();
    else own?.delete([...own.keys()][0] ?? '');
    const what =
      one.what === 'lost'
        ? anythingForeign('lost')
        : { detail: '', isFrame: false, sets: name === undefined ? [] : [name] };
    strangers += 1;
    running.push(enforcer.foreign(what).finally(() => (strangers -= 1)));
  }

  for (const [at, one] of steps.entries()) {
    const delta = deltaOf(one, at + 10);
    if (delta !== undefined)
      follow(async () => {
        isChanging = true;
        const expected = structuredClone(state);
        applyChange(expected, delta.rows, delta.gone);
        await enforcer.change(state, delta.rows, delta.gone);
        if (!isDeepStrictEqual(state, expected)) wrong.push(`${at} ${one.what} is not in the state`);
        isChanging = false;
        older = [];
        acknowledge(`${at} ${one.what}`);
      });
    else if (one.what === 'snapshot')
      follow(async () => {
        const before = state;
        older.push(before);
        state = structuredClone(before);
        for (const other of ['withdraw', 'grant'] as const) {
          const far = deltaOf({ ...one, what: other, plant: other === 'grant' ? 2 : one.plant }, at + 10);
          for (const user of USERS) if (far !== undefined) applyChange(state, forUser(far.rows, user), far.gone);
        }
        const after = state;
        const bring = async () => {
          await enforcer.replace(before, after);
          if (state === after && !isChanging) acknowledge(`${at} snapshot`);
        };
        running.push(bring());
      });
    else if (one.what === 'foreign' || one.what === 'lost') foreign(one);
    else if (one.what === 'sweep') running.push(enforcer.sweepShard(one.user % 64));
    else if (one.what === 'check') running.push(enforcer.check());
    else refusals += one.plant;
    for (let n = one.wait; n > 0; n -= 1) await nextTurn();
  }
  await following;
  await Promise.all(running);
  refusals = 0;
  for (let n = 0; n < 3 && !enforcer.isWhole(); n += 1) await enforcer.check();
  if (!enforcer.isWhole()) wrong.push('is not whole in the end');
  acknowledge('in the end');
  return { wrong, reports };
}

function forUser(from: Rows, user: (typeof USERS)[number]): Rows {
  return { ...from, reach: from.reach.map(([, plant, since]) => [user, plant, since]) };
}

function wanted(state: State): Map<string, string> {
  return compileAll(state, DEFAULT_POOLS).elements;
}

function stateOf(all: Rows): State {
  const state = emptyState();
  applyChange(state, all, NO_GONE);
  return state;
}

test('whatever overlaps, what is acknowledged is what the kernel holds, and in the end it holds what the rows say (VPN-6, VPN-8)', async () => {
  const property = fc.asyncProperty(histories([...CALM, ...HARM]), delays, async (...history) => {
    expect((await play(...history)).wrong).toEqual([]);
  });
  await fc.assert(property, { numRuns: 100 });
}, 60_000);

test('without harm nothing has to be repaired, whatever overlaps', async () => {
  const property = fc.asyncProperty(histories(CALM), delays, async (...history) => {
    expect(await play(...history)).toEqual({ wrong: [], reports: [] });
  });
  await fc.assert(property, { numRuns: 100 });
}, 60_000);
