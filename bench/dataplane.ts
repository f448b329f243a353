import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { realRunner } from '../src/kernel/run.ts';
import { formatIp, toIp } from '../src/net/ip.ts';
import type { Cidr } from '../src/net/cidr.ts';
import { iperf, iperfServer } from './iperf.ts';
import { type Lane, SLOT, buildLane, loadRules, loadTracking, segmentAtOnce } from './lanes.ts';
import { type Figure, percentile } from './results.ts';
import { type BenchRoute, countsOf, routeAt, stateOf } from './rows.ts';

const TARGETS = { packet: 10, connection: 25, throughput: 0.9, equal: { least: 0.95, most: 1.05 } };
const SCRIPT = fileURLToPath(new URL('dataplane-packets.py', import.meta.url));
const PATIENCE_MS = 300_000;

/** Round trips in a batch: short enough to end before something else is given the core. */
const BATCH = 20;
/** Batches on each lane for each run. */
const ROUNDS = { packet: 20, connection: 8 };
/** Users and plants among which the packets of `spread` are divided. */
const SPREAD = 500;
/** Pairs of transfers, and how long one takes. */
const LEAST_PAIRS = 10;
const RUNS_PER_PAIR = 10;
const TRANSFER_S = 1;
/** The host in each plant that is spoken to. */
const HOST = 20;
const OWN_RANGE = 'range';

/** The lanes: without rules, with nothing but connection tracking, and a gateway's rules at one route and at many. */
interface Lanes {
  readonly base: Lane;
  readonly tracking: Lane;
  readonly one: Lane;
  readonly many: Lane;
}

/**
 * `dataplane.*`: what a gateway's rules cost, without tunnels: time per packet and per new connection, and throughput, at one
 * route and at `size`, each against the same three hosts without any rule.
 */
export async function benchDataplane(size: number, runs: number): Promise<Figure[]> {
  const open: Lane[] = [];
  const lane = async () => {
    const built = await buildLane();
    open.push(built);
    return built;
  };
  try {
    const lanes = {
      base: await lane(),
      tracking: await lane(),
      one: await lane(),
      many: await lane(),
    };
    await loadTracking(lanes.tracking);
    await loadRules(lanes.one, stateOf(1, SLOT));
    await loadRules(lanes.many, stateOf(size, SLOT));
    return [
      ...(await packets(lanes, size, runs)),
      ...(await spread(lanes, size, runs)),
      ...(await connections(lanes, size, runs)),
      ...(await throughputs(lanes, size, Math.max(LEAST_PAIRS, Math.ceil(runs / RUNS_PER_PAIR)))),
    ];
  } finally {
    for (const one of open) await one.down();
  }
}

/** A round trip passes the rules twice, once in each direction: the time of a packet is half of it. */
async function packets(lanes: Lanes, size: number, runs: number): Promise<Figure[]> {
  const added = await addedTo(lanes, size, { rounds: runs * ROUNDS.packet, fresh: false, per: 2 });
  return costs('packet', added, TARGETS.packet);
}

/** The first round trip of a new source port: all that happens once per connection, with the two packets that it takes. */
async function connections(lanes: Lanes, size: number, runs: number): Promise<Figure[]> {
  const added = await addedTo(lanes, size, { rounds: runs * ROUNDS.connection, fresh: true, per: 1 });
  return costs('connection', added, TARGETS.connection);
}

/** The packets of many users to many plants, one of each in turn: nothing of a user's is in the processor's caches any more. */
async function spread({ base, many }: Lanes, size: number, runs: number): Promise<Figure[]> {
  const { users, each } = countsOf(size);
  const routes = Array.from({ length: Math.min(SPREAD, users * each) }, (_, n) =>
    routeAt(size, Math.floor((n * users) / SPREAD), n % each),
  );
  const rounds = runs * ROUNDS.packet;
  const lanes = [laneOf(base, routes, OWN_RANGE), laneOf(many, routes, 'network')];
  const [without = [], withRules = []] = await measure(lanes, rounds, false);
  return [figure('packet.spread', 'µs', median(differences(withRules, without, 2)), rounds)];
}

interface Added {
  readonly tracking: number;
  readonly one: number;
  readonly many: number;
  readonly runs: number;
}

/** How much longer a part of a round trip takes than without rules: medians over batches one right after the other, in µs. */
async function addedTo(
  { base, tracking, one, many }: Lanes,
  size: number,
  { rounds, fresh, per }: { rounds: number; fresh: boolean; per: number },
): Promise<Added> {
  const route = routeAt(1, 0, 0);
  // The last user of all, whose elements were added last.
  const last = routeAt(size, countsOf(size).users - 1, 0);
  const lanes = [
    laneOf(base, [route], OWN_RANGE),
    laneOf(tracking, [route], OWN_RANGE),
    laneOf(one, [route], 'network'),
    laneOf(many, [last], 'network'),
  ];
  const [without = [], ...others] = await measure(lanes, rounds, fresh);
  const [a = 0, b = 0, c = 0] = others.map((took) => median(differences(took, without, per)));
  return { tracking: a, one: b, many: c, runs: rounds };
}

function costs(what: string, { tracking, one, many, runs }: Added, target: number): Figure[] {
  return [
    atMost(figure(what, 'µs', many, runs), target),
    atMost(figure(`${what}.one`, 'µs', one, runs), target),
    figure(`${what}.tracking`, 'µs', tracking, runs),
    equal(what, many / one, runs),
  ];
}

interface LaneInput {
  readonly user: number;
  readonly gateway: number;
  readonly plant: number;
  /** Source, target, and the address that the target stands for. */
  readonly flows: readonly (readonly [string, string, string])[];
}

function laneOf({ user, gateway, plant }: Lane, routes: readonly BenchRoute[], by: 'network' | 'range'): LaneInput {
  const flows = routes.map((route) => [formatIp(route.user), hostIn(route[by]), hostIn(route.range)] as const);
  return { user: user.init, gateway: gateway.init, plant: plant.init, flows };
}

function hostIn({ base }: Cidr): string {
  return formatIp(toIp(base + HOST));
}

/** Nanoseconds of a round trip, by lane and round. */
async function measure(lanes: readonly LaneInput[], rounds: number, fresh: boolean): Promise<number[][]> {
  const input = JSON.stringify({ lanes, rounds, batch: BATCH, fresh });
  const argv = ['setpriv', '--pdeathsig', 'KILL', 'python3', SCRIPT];
  const text = await realRunner().run(argv, { input, timeoutMs: PATIENCE_MS });
  return z.array(z.array(z.number())).parse(JSON.parse(text));
}

function differences(took: readonly number[], without: readonly number[], per: number): number[] {
  return took.map((ns, round) => (ns - (without[round] ?? NaN)) / 1000 / per);
}

interface Ratios {
  readonly one: number;
  readonly many: number;
  readonly equal: number;
}

/**
 * Transfers as a user sends, with and without segmentation offload: by default the kernel takes a packet of up to 64 kB through the
 * rules as one, and as what it is on the wire otherwise.
 */
async function throughputs({ base, one, many }: Lanes, size: number, pairs: number): Promise<Figure[]> {
  const last = routeAt(size, countsOf(size).users - 1, 0);
  const first = routeAt(1, 0, 0);
  const servers = [base, one, many].map((lane) => iperfServer(lane.plant.runner));
  const ways = [transfer(base, first, 'range'), transfer(one, first, 'network'), transfer(many, last, 'network')];
  try {
    const atOnce = await ratiosOf(ways, pairs);
    for (const lane of [base, one, many]) await segmentAtOnce(lane, false);
    const single = await ratiosOf(ways, pairs);
    return [
      atLeast(figure('throughput', '', atOnce.many, pairs), TARGETS.throughput),
      atLeast(figure('throughput.one', '', atOnce.one, pairs), TARGETS.throughput),
      equal('throughput', atOnce.equal, pairs),
      figure('throughput.single', '', single.many, pairs),
    ];
  } finally {
    for (const server of servers) server.stop();
  }
}

function transfer({ user }: Lane, route: BenchRoute, by: 'network' | 'range'): () => Promise<number> {
  return () => iperf(user.runner, { to: hostIn(route[by]), from: formatIp(route.user), seconds: TRANSFER_S });
}

/** Rounds of three transfers, without rules, at one route and at many, each round in the other order. Medians of the rounds' ratios. */
async function ratiosOf(ways: readonly (() => Promise<number>)[], rounds: number): Promise<Ratios> {
  const speeds: number[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const took = [NaN, NaN, NaN];
    for (const n of round % 2 === 0 ? [0, 1, 2] : [2, 1, 0]) took[n] = (await ways[n]?.()) ?? NaN;
    speeds.push(took);
  }
  const ratio = (of: number, to: number) => median(speeds.map((took) => (took[of] ?? NaN) / (took[to] ?? NaN)));
  return { one: ratio(1, 0), many: ratio(2, 0), equal: ratio(2, 1) };
}

function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

function figure(name: string, unit: string, value: number, runs: number): Figure {
  return { id: `dataplane.${name}`, value: Math.round(value * 1000) / 1000, unit, runs };
}

function atMost(base: Figure, most: number): Figure {
  return { ...base, target: `<= ${most}`, met: base.value <= most };
}

function atLeast(base: Figure, least: number): Figure {
  return { ...base, target: `>= ${least}`, met: base.value >= least };
}

/** What it is at many routes, divided by what it is at one. */
function equal(what: string, ratio: number, runs: number): Figure {
  const { least, most } = TARGETS.equal;
  const base = figure(`${what}.equal`, '', ratio, runs);
  return { ...base, target: `${least} .. ${most}`, met: base.value >= least && base.value <= most };
}
