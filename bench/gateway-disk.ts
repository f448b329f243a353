import { join } from 'node:path';
import { openDisk } from '../src/gateway/disk.ts';
import { ALL_SHARDS, TABLE, parseListing, setsToList } from '../src/gateway/shards.ts';
import { nftTable } from '../src/kernel/nft.ts';
import type { Runner } from '../src/kernel/run.ts';
import { contains } from '../src/net/cidr.ts';
import { toIp } from '../src/net/ip.ts';
import { newKeyPair, sealTo } from '../src/net/keys.ts';
import { DEFAULT_POOLS } from '../src/net/pools.ts';
import { writeDurably } from '../src/wire/files.ts';
import { loadKeys } from '../src/wire/identity.ts';
import type { SlotRow } from '../src/wire/state.ts';
import { SLOT_PLACE, type WorldKeys } from './gateway-place.ts';
import { countsOf, routeAt, stateOf } from './rows.ts';

/** The revision on disk. */
export const FIRST_REVISION = 1;
const SLOT = 1;
/** The gateway's infrastructure address. */
const OWN = toIp(0x6450_0001);
const ID = '0f9d3d4e-2f38-4c5d-9a63-1f0c6b1f2a3c';
const PREFIX_LENGTH = 24;

/** An enrolled gateway's folder: keys, identity, and the rows. Returns the keys of those around it. */
export async function fillDisk(stateDir: string, size: number): Promise<WorldKeys> {
  const own = await loadKeys(stateDir);
  const [slot, user, agent] = [newKeyPair('x25519'), newKeyPair('x25519'), newKeyPair('x25519')];
  const controlKey = newKeyPair('ed25519').publicKey;
  const identity = { kind: 'gateway', id: ID, number: 1, address: OWN, controlKey };
  await writeDurably(join(stateDir, 'identity.json'), JSON.stringify(identity));
  const secret = Buffer.from(slot.privateKey.reveal(), 'base64');
  const row: SlotRow = {
    ...SLOT_PLACE,
    slot: SLOT,
    publicKey: slot.publicKey,
    sealedKey: sealTo(own.tunnel.publicKey, `slot ${SLOT}`, secret),
    users: DEFAULT_POOLS.users,
  };
  const disk = openDisk(join(stateDir, 'state.db'));
  await disk.replace(FIRST_REVISION, stateOf(size, row, { user: user.publicKey, agent: agent.publicKey }));
  disk.close();
  return { user, agent, slot: slot.publicKey, gateway: own.tunnel.publicKey };
}

/** Counts the elements of all users' sets in the kernel. */
export async function countElements(runner: Runner): Promise<number> {
  const table = nftTable(runner, TABLE, 1);
  let count = 0;
  for (const shard of ALL_SHARDS) count += parseListing(await table.list(setsToList(shard, [PREFIX_LENGTH]))).size;
  return count;
}

/** A translation and two passages for each route; one passage where nobody may type the unique range. */
export function elementsOf(size: number): number {
  const { users, each } = countsOf(size);
  let count = 0;
  for (let n = 0; n < users; n += 1)
    for (let k = 0; k < each; k += 1) count += contains(DEFAULT_POOLS.alias, routeAt(size, n, k).range) ? 3 : 2;
  return count;
}
