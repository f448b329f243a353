import { type Piece, emptyChange, merge } from '../../src/gateway/change.ts';
import { NO_GONE, applyChange, emptyState } from '../../src/gateway/state.ts';
import { toIp } from '../../src/net/ip.ts';
import { rowsSchema } from '../../src/wire/state.ts';

const USERS = [toIp(0x64400010), toIp(0x64400011)] as const;
const KEY = 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';

const FIRST = rowsSchema.parse({
  subnets: [{ subnet: 7, plant: 2, network: '192.168.1.0/24', range: '100.96.1.0/24', since: 1 }],
  users: [{ address: USERS[0], slot: 1, publicKey: KEY }],
  reach: [[USERS[0], 2, 5]],
  settings: [{ user: USERS[0], subnet: 7, chosen: 3, paused: true }],
});
const SECOND = rowsSchema.parse({
  agents: [{ plant: 2, publicKey: KEY, address: 0x64500002 }],
  users: USERS.map((address) => ({ address, slot: 1, publicKey: KEY })),
  reach: [[USERS[1], 2, 6]],
});
const PIECE: Piece = {
  rows: rowsSchema.parse({ reach: [[USERS[0], 2, 7]] }),
  gone: { ...NO_GONE, users: [USERS[1]], agents: [2] },
};

function stateAfter(...pieces: readonly Piece[]) {
  const state = emptyState();
  for (const { rows, gone } of pieces) applyChange(state, rows, gone);
  return state;
}

/** What a gateway holds, is sent as a snapshot, and is told after it. */
export const BEFORE = { revision: 5, state: stateAfter({ rows: FIRST, gone: NO_GONE }) };
export const AFTER_SNAPSHOT = { revision: 6, state: stateAfter({ rows: SECOND, gone: NO_GONE }) };
export const DELTA = emptyChange();
merge(DELTA, PIECE);
export const AFTER_DELTA = { revision: 7, state: stateAfter({ rows: SECOND, gone: NO_GONE }, PIECE) };
