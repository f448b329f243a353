import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { type FakeRunner, fakeRunner } from '../kernel/fake.ts';
import type { TcpConnection } from '../kernel/nudge.ts';
import { rowsSchema } from '../wire/state.ts';
import { findRefused, openDismissal } from './dismiss.ts';
import { NO_GONE, applyChange, emptyState } from './state.ts';

const USER = toIp(0x6440000b);
const OTHER = toIp(0x6440000c);

/** User 11 reaches 192.168.1.0/24 of plant 1 natively, and plant 2 with the same network by alias alone. */
const state = emptyState();
applyChange(
  state,
  rowsSchema.parse({
    subnets: [
      { subnet: 1, plant: 1, network: '192.168.1.0/24', range: '100.96.1.0/24', since: 1 },
      { subnet: 2, plant: 2, network: '192.168.1.0/24', range: '100.96.2.0/24', since: 2 },
    ],
    users: [{ address: USER, slot: 1, publicKey: newKeyPair('x25519').publicKey }],
    reach: [
      [USER, 1, 1],
      [USER, 2, 2],
    ],
  }),
  NO_GONE,
);

const connection = (source: string, mark: number, target: string): TcpConnection => ({
  source,
  sourcePort: 40_000,
  destination: mark === 1 ? '192.168.1.9' : target,
  destinationPort: 22,
  target,
  mark,
});

const permitted = [connection('100.64.0.11', 1, '100.96.1.9'), connection('100.64.0.11', 0, '100.96.2.9')];
const refused = [connection('100.64.0.11', 1, '100.96.2.9'), connection('100.64.0.11', 0, '100.96.3.9')];
const ofOther = connection('100.64.0.12', 0, '100.96.1.9');
const ofHost = connection('198.51.1.2', 0, '100.96.1.9');

test('only what no row permits is refused, of the users that are meant, and never a connection of the host', async () => {
  const all = [...permitted, ...refused, ofOther, ofHost];
  expect(await findRefused(all, state, new Set([USER]), DEFAULT_POOLS)).toEqual(refused);
  expect(await findRefused(all, state, new Set([OTHER]), DEFAULT_POOLS)).toEqual([ofOther]);
  expect(await findRefused(all, state, 'all', DEFAULT_POOLS)).toEqual([...refused, ofOther]);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OPEN =
  'tcp 6 9 ESTABLISHED src=100.64.0.12 dst=100.96.1.9 sport=1 dport=2 src=100.96.1.9 dst=100.64.0.12 sport=2 dport=1 mark=0 use=1';

/** A kernel with one refused connection of the other user, whose first listing fails. */
function start() {
  const reports: string[] = [];
  let listings = 0;
  const runner: FakeRunner = fakeRunner((argv) => {
    if (!argv.startsWith('conntrack')) return '';
    listings += 1;
    return listings === 1 ? undefined : OPEN;
  });
  const dismiss = openDismissal({ runner, pools: DEFAULT_POOLS, report: (what) => reports.push(what) });
  const nudges = () => runner.text().match(/100\.96\.1\.9 2 100\.64\.0\.12 1/g)?.length ?? 0;
  return { dismiss, reports, nudges, listings: () => listings };
}

test('calls that come during a listing are served together by the next, and a failure ends nothing', async () => {
  const { dismiss, reports, nudges, listings } = start();
  dismiss(state, new Set([USER]));
  dismiss(state, new Set([USER]));
  dismiss(state, new Set([OTHER]));
  await vi.advanceTimersByTimeAsync(0);
  expect([listings(), nudges(), reports]).toEqual([2, 1, ['dismissal']]);
});

test('a client is told three times, a second apart, and one whose connections are all permitted once', async () => {
  const { dismiss, nudges, listings } = start();
  dismiss(state, 'all');
  dismiss(state, 'all');
  await vi.advanceTimersByTimeAsync(0);
  expect(nudges()).toBe(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([nudges(), listings()]).toEqual([3, 4]);
  dismiss(state, new Set([USER]));
  await vi.advanceTimersByTimeAsync(10_000);
  expect([nudges(), listings()]).toEqual([3, 5]);
});
