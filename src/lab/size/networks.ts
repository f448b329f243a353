import { type Cidr, cidr, overlaps, prefixOf } from '../../net/cidr.ts';
import { toIp } from '../../net/ip.ts';
import type { Random } from './random.ts';

/** What routers come with: the reason why plants overlap. */
const DEFAULTS = ['192.168.1.0/24', '192.168.1.0/24', '192.168.0.0/24', '192.168.178.0/24', '192.168.2.0/24'].map(cidr);

/** Prefix lengths of planned networks with their shares, in percent; what is wider than /20 has no alias (VPN-10). */
const LENGTHS: readonly (readonly [length: number, percent: number])[] = [
  [26, 30],
  [24, 24],
  [25, 16],
  [27, 15],
  [28, 12],
  [23, 1.4],
  [22, 1.2],
  [16, 0.4],
];

/** The blocks of 256 addresses from 10.0.0.0 to 10.191.255.0, of which planned networks are given out. */
const BLOCKS = 192 * 256;

/** How an organization gives out networks. */
export interface Style {
  /** Share of plants that keep what their router came with. */
  readonly defaults: number;
  /** The block that its plan begins with. */
  readonly block: number;
}

/** A large operator plans; a small one takes what is there. */
export function styleOf(random: Random, plants: number): Style {
  return { defaults: plants >= 100 ? 0.08 : 0.4, block: random.below(BLOCKS) };
}

/** The one to three networks of the organization's `n`th plant. They do not overlap each other. */
export function networksOf(random: Random, style: Style, n: number): Cidr[] {
  const count = random.chance(0.88) ? 1 : random.chance(0.75) ? 2 : 3;
  const networks: Cidr[] = [random.chance(style.defaults) ? random.pick(DEFAULTS) : planned(random, style.block + n)];
  while (networks.length < count) {
    const another = planned(random, style.block + n + random.below(BLOCKS));
    if (!networks.some((network) => overlaps(network, another))) networks.push(another);
  }
  return networks;
}

/** A network in a block; one that is wider takes its neighbours in, and a /16 lies beyond the blocks, seldom among them. */
function planned(random: Random, block: number): Cidr {
  const length = lengthOf(random);
  if (length === 16) {
    const second = random.chance(0.1) ? random.below(192) : random.between(192, 254);
    return prefixOf(toIp(0x0a000000 + second * 0x10000), 16);
  }
  const base = 0x0a000000 + (block % BLOCKS) * 256;
  return prefixOf(toIp(length > 24 ? base + random.below(256) : base), length);
}

function lengthOf(random: Random): number {
  let at = random.next() * 100;
  for (const [length, percent] of LENGTHS) {
    at -= percent;
    if (at < 0) return length;
  }
  return 24;
}
