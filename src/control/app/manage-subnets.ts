import { type Cidr, contains, formatCidr, overlaps, parseCidr, prefixOf, sameCidr } from '../../net/cidr.ts';
import { parseIp } from '../../net/ip.ts';
import { PRIVATE_RANGES, type Pools, WIDEST_SUBNET, subnetProblem } from '../../net/pools.ts';
import { change } from '../../store/change.ts';
import { allocateRange, release } from '../../store/ranges.ts';
import { type SubnetRow, deleteSubnet, insertSubnet, readSubnet, subnetsOf } from '../../store/subnets.ts';
import { Problem } from '../../wire/problem.ts';
import type { SubnetInput } from '../../wire/rest/subnets.ts';
import type { Actor } from '../actor.ts';
import { asOwnerOf } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { list } from '../words.ts';

/**
 * Adds a subnet to a plant and gives it its unique range (VPN-10). Everybody who reaches the plant has a route to it from
 * this revision on.
 */
export async function addSubnet(
  deps: Deps,
  actor: Actor,
  plantId: string,
  input: SubnetInput,
): Promise<{ revision: number; value: SubnetRow }> {
  const now = new Date(deps.clock.now());
  const network = readNetwork(input.network, deps.pools);
  return change(deps.db, async (tx, revision) => {
    const plant = await asOwnerOf(tx, actor, plantId, now);
    refuseOverlap(network, await subnetsOf(tx, actor.userId, plantId));
    const place = await allocateRange(tx, plant.organizationId, network, deps.pools, now);
    return insertSubnet(tx, revision, plant, { network, ...place });
  });
}

/** Removes a subnet; its range goes back to the pool. Devices in it stay and have no alias any more. */
export async function removeSubnet(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx) => {
    const subnet = found(await readSubnet(tx, actor.userId, id), 'subnet');
    const { organizationId } = await asOwnerOf(tx, actor, subnet.plantId, now);
    await deleteSubnet(tx, id);
    await release(tx, subnet.range, now, { organizationId });
  });
}

/** Parses a plant subnet and refuses, with its own code, each way in which it can be wrong by itself. */
export function readNetwork(text: string, pools: Pools): Cidr {
  const network = parseCidr(text);
  if (network === 'syntax') {
    throw new Problem('cidr-syntax', `"${text}" is not an IPv4 prefix. Write it like 192.168.1.0/24.`);
  }
  if (network === 'host-bits') {
    throw new Problem('cidr-host-bits', `${text} has bits set behind its length. Write ${meant(text)}.`);
  }
  const problem = subnetProblem(network, pools);
  if (problem === 'reserved') {
    const pool = Object.values(pools).find((each: Cidr) => overlaps(each, network));
    throw new Problem(
      'subnet-reserved',
      `${text} overlaps ${formatCidr(pool ?? network)}, which Parkway uses itself. Use another subnet, or ask the platform administrator to move the pool.`,
    );
  }
  if (problem === 'too-wide') {
    throw new Problem(
      'subnet-too-wide',
      `${text} is wider than /${WIDEST_SUBNET}. Split it into parts of /${WIDEST_SUBNET} or smaller.`,
    );
  }
  if (problem === 'not-private') {
    const ranges = list(PRIVATE_RANGES.map(formatCidr), 'or');
    throw new Problem('subnet-not-private', `${text} is not a private range. Use a subnet inside ${ranges}.`);
  }
  return network;
}

function refuseOverlap(network: Cidr, others: readonly SubnetRow[]): void {
  const other = others.find((each) => overlaps(each.network, network))?.network;
  if (other === undefined) return;
  const text = formatCidr(network);
  if (sameCidr(other, network))
    throw new Problem('subnet-duplicate', `The plant has ${text} already. Nothing is to be done.`);
  const relation = contains(other, network) ? 'lies in' : 'contains';
  throw new Problem(
    'subnet-overlaps-own',
    `${text} ${relation} ${formatCidr(other)}, which the plant has already. Remove that one first, or choose a range beside it.`,
  );
}

/** The prefix that a text with host bits lies in. */
function meant(text: string): string {
  const [address = '', length = ''] = text.split('/');
  const ip = parseIp(address);
  return ip === undefined ? 'the first address of the prefix' : formatCidr(prefixOf(ip, Number(length)));
}
