import { type Cidr, prefixOf } from '../src/net/cidr.ts';
import { type Ip, toIp } from '../src/net/ip.ts';
import type { PublicKey } from '../src/net/keys.ts';
import { keyOf } from '../src/lab/size/identity.ts';
import { NO_GONE, NO_ROWS, type State, applyChange, emptyState } from '../src/gateway/state.ts';
import type { SlotRow } from '../src/wire/state.ts';

/** Plants that one user reaches. */
const PLANTS_EACH = 100;
const SEED = 1;
const REVISION = 1;

const FIRST_USER = 0x6440_0100;
const FIRST_AGENT = 0x6450_0100;
const FIRST_NETWORK = 0x0a00_0000;
const FIRST_ALIAS = 0x6460_0000;
const FIRST_HIDDEN = 0xf000_0000;
/** Networks of 256 addresses that the alias pool has room for. */
const ALIASES = 8192;
const NETWORK_SIZE = 256;
const NETWORK_LENGTH = 24;

/** Keys of those whose private halves a bench has: the last user's, and that of the first plant that this user reaches. */
export interface KnownKeys {
  readonly user: PublicKey;
  readonly agent: PublicKey;
}

/** A route: who, and the same place by native address and in the unique range. */
export interface BenchRoute {
  readonly user: Ip;
  readonly plant: number;
  readonly network: Cidr;
  readonly range: Cidr;
}

/** How many users and plants there are for so many routes. Each user has plants left to be given. */
export function countsOf(size: number): { users: number; plants: number; each: number } {
  const each = Math.min(PLANTS_EACH, size);
  const users = Math.ceil(size / each);
  return { users, plants: Math.max(users, 2 * each), each };
}

/**
 * The rows of a gateway with `size` routes (a multiple of 100, or less than that): up to a hundred plants for each of a hundredth
 * as many users. All networks differ, so that every user owns every route: the most elements that a route can need.
 */
export function stateOf(size: number, slot: SlotRow, known?: KnownKeys): State {
  const { users, plants, each } = countsOf(size);
  const state = emptyState();
  const userKey = (n: number) => (n === users - 1 ? known?.user : undefined) ?? keyOf(SEED, 'user', n);
  const agentKey = (plant: number) =>
    (plant === routeAt(size, users - 1, 0).plant ? known?.agent : undefined) ?? keyOf(SEED, 'agent', plant);
  const numbers = Array.from({ length: plants }, (_, n) => n + 1);
  applyChange(
    state,
    {
      ...NO_ROWS,
      slots: [slot],
      agents: numbers.map((plant) => ({ plant, publicKey: agentKey(plant), address: agentAddress(plant) })),
      subnets: numbers.map((plant) => ({ subnet: plant, plant, ...placeOf(plant), since: REVISION })),
    },
    NO_GONE,
  );
  for (let n = 0; n < users; n += 1) {
    const address = userAddress(n);
    const reach = Array.from({ length: each }, (_, k): [Ip, number, number] => [
      address,
      routeAt(size, n, k).plant,
      REVISION,
    ]);
    const row = { address, slot: slot.slot, publicKey: userKey(n) };
    applyChange(state, { ...NO_ROWS, users: [row], reach }, NO_GONE);
  }
  return state;
}

/** The `k`th route of the `n`th user, both from 0. */
export function routeAt(size: number, n: number, k: number): BenchRoute {
  const plant = ((n + k) % countsOf(size).plants) + 1;
  return { user: userAddress(n), plant, ...placeOf(plant) };
}

/** The infrastructure address of a plant's agent. */
export function agentAddress(plant: number): Ip {
  return toIp(FIRST_AGENT + plant);
}

function userAddress(n: number): Ip {
  return toIp(FIRST_USER + n);
}

function placeOf(plant: number): { network: Cidr; range: Cidr } {
  const range = plant < ALIASES ? FIRST_ALIAS + plant * NETWORK_SIZE : FIRST_HIDDEN + plant * NETWORK_SIZE;
  return {
    network: prefixOf(toIp(FIRST_NETWORK + plant * NETWORK_SIZE), NETWORK_LENGTH),
    range: prefixOf(toIp(range), NETWORK_LENGTH),
  };
}
