import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { type Gone, type Rows, rowsSchema } from '../wire/state.ts';
import { type Change, type Piece, countEntries, emptyChange, isEmpty, merge, takePiece } from './change.ts';
import { NO_GONE, NO_ROWS, type State, applyChange, emptyState } from './state.ts';

const KEYS = [1, 2].map((n) => Buffer.alloc(32, n).toString('base64'));

/** Small numbers, so that the same keys come again and again. */
const number = fc.integer({ min: 1, max: 4 });
const user = number.map((n) => toIp(0x64400000 + n));
const since = fc.integer({ min: 1, max: 99 });
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 4 });

const rows: fc.Arbitrary<Rows> = fc
  .record({
    agents: some(fc.record({ plant: number, publicKey: fc.constantFrom(...KEYS), address: since })),
    subnets: some(
      fc.record({
        subnet: number,
        plant: number,
        network: fc.constantFrom('10.0.0.0/24', '10.0.1.0/24'),
        range: fc.constant('100.96.0.0/24'),
        since,
      }),
    ),
    users: some(fc.record({ address: user, slot: number, publicKey: fc.constantFrom(...KEYS) })),
    reach: some(fc.tuple(user, number, since)),
    settings: some(fc.record({ user, subnet: number, chosen: since, paused: fc.boolean() })),
  })
  .map((json) => rowsSchema.parse(json));
const gone: fc.Arbitrary<Gone> = fc
  .record({
    agents: some(number),
    subnets: some(number),
    users: fc.array(user, { maxLength: 1 }),
    reach: some(fc.tuple(user, number)),
    settings: some(fc.tuple(user, number)),
  })
  .map((keys) => ({ ...NO_GONE, ...keys }));
const delta: fc.Arbitrary<Piece> = fc.record({ rows, gone });

/** The slow way: one delta after the other. */
function oneByOne(deltas: readonly Piece[]): State {
  const state = emptyState();
  for (const { rows, gone } of deltas) applyChange(state, rows, gone);
  return state;
}

/** Takes pieces and applies them, until nothing is left or so many were taken. */
function follow(change: Change, state: State, limit: number, most = Infinity): Piece[] {
  const pieces: Piece[] = [];
  while (pieces.length < most) {
    const piece = takePiece(change, state, limit);
    if (piece === undefined) break;
    applyChange(state, piece.rows, piece.gone);
    pieces.push(piece);
  }
  return pieces;
}

test('deltas as one change, taken in pieces of any size while more come, end where one by one they end', () => {
  const arrivals = fc.array(fc.record({ delta, taken: fc.integer({ min: 0, max: 2 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(arrivals, fc.constantFrom(1, 5, 1_000), (arrivals, limit) => {
      const change = emptyChange();
      const state = emptyState();
      for (const { delta, taken } of arrivals) {
        merge(change, delta);
        follow(change, state, limit, taken);
      }
      follow(change, state, limit);
      expect(isEmpty(change)).toBe(true);
      expect(state).toEqual(oneByOne(arrivals.map(({ delta }) => delta)));
    }),
    { numRuns: 400 },
  );
});

/** Also a new key withdraws: the former one. */
function withdraws({ gone, rows }: Piece): boolean {
  return countEntries({ gone, rows: NO_ROWS }) + rows.users.length > 0 || rows.settings.some(({ paused }) => paused);
}

function grants({ rows }: Piece): boolean {
  return rows.reach.length + rows.settings.length > 0;
}

test('of what waits, all keys that are gone leave in the pieces before anything is granted to users who lose nothing (VPN-8)', () => {
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 8 }), fc.array(delta, { maxLength: 8 }), (held, deltas) => {
      const change = emptyChange();
      for (const each of deltas) merge(change, each);
      const pieces = follow(change, oneByOne(held), 1);
      const last = pieces.findLastIndex(withdraws);
      const granted = pieces.findIndex((piece) => !withdraws(piece) && grants(piece));
      expect(granted === -1 || last < granted).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a piece compiles no more routes than it may, unless one key alone takes more', () => {
  const state = emptyState();
  const users = Array.from({ length: 100 }, (_, n) => toIp(0x64400000 + n));
  const reach = users.flatMap((user) => Array.from({ length: 9 }, (_, n) => [user, n, 1] as const));
  const subnets = [1, 2].map((subnet) => ({
    subnet,
    plant: 3,
    network: '10.0.0.0/24',
    range: '100.96.0.0/24',
    since: 1,
  }));
  applyChange(state, rowsSchema.parse({ reach }), NO_GONE);
  const change = emptyChange();
  merge(change, { rows: rowsSchema.parse({ subnets }), gone: { ...NO_GONE, reach: users.map((user) => [user, 1]) } });
  const sizes = follow(change, state, 100).map(({ rows, gone }) => [rows.subnets.length, gone.reach.length]);
  expect(sizes).toEqual([...Array.from({ length: 10 }, () => [0, 10]), [1, 0], [1, 0]]);
});
