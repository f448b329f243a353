import { formatCidr } from '../../net/cidr.ts';
import { parseIp } from '../../net/ip.ts';
import { change } from '../../store/change.ts';
import { type SlotRow, createSlot } from '../../store/slots.ts';
import { Problem } from '../../wire/problem.ts';
import type { SlotInput, SlotJson } from '../../wire/rest/platform.ts';
import type { Deps } from '../deps.ts';

/** Adds a slot: an anycast address and port that every gateway serves. Throws `pool-exhausted`, `already-exists`. */
export async function addSlot(deps: Deps, input: SlotInput): Promise<{ revision: number; value: SlotJson }> {
  const address = parseIp(input.address);
  if (address === undefined)
    throw new Problem('invalid-request', 'address must be an IPv4 address, such as 203.0.113.1.');
  const entry = { address, port: input.port };
  const { revision, value } = await change(deps.db, (tx) =>
    createSlot(tx, deps.masterKey, deps.pools, entry, new Date(deps.clock.now())),
  );
  return { revision, value: showSlot(value) };
}

/** A slot as the API shows it. */
export function showSlot({ no, users, ...row }: SlotRow): SlotJson {
  return { ...row, number: no, users: formatCidr(users) };
}
