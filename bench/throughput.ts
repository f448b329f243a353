import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KernelError } from '../src/kernel/run.ts';
import { iperf, iperfServer } from './iperf.ts';
import { type BenchLab, benchLab, signIn } from './lab.ts';
import { type Figure, percentile } from './results.ts';
import { type Twin, buildTwin, hostOf } from './twin.ts';

const TARGET = 0.95;
const LEAST_PAIRS = 10;
const RUNS_PER_PAIR = 10;
const TRANSFER_S = 2;
/** A route and a first handshake take a moment. */
const WAYS_WITHIN_MS = 20_000;
const DEVICE = '192.168.1.20';
const WARM_S = 1;

/**
 * `throughput.*`: TCP from a laptop to a device and back through Parkway, divided by the same through two WireGuard hops that just
 * forward, which stand beside it (`twin.ts`). Pairs of transfers in alternating order; the median of their ratios.
 */
export async function benchThroughput(runs: number): Promise<Figure[]> {
  const lab = await benchLab(['gw-eu-1']);
  let twin: Twin | undefined;
  try {
    const operator = await signIn(lab, 'operator@sunfield.test');
    const profile = join(lab.folder, 'laptop.conf');
    await lab.parkway(operator, 'certificate', 'issue', '--out', profile);
    await lab.lab('connect', 'laptop-1', profile);
    twin = await buildTwin(lab);
    return await transfers(lab, twin, Math.max(LEAST_PAIRS, Math.ceil(runs / RUNS_PER_PAIR)));
  } finally {
    await twin?.down();
    await lab.down();
  }
}

async function transfers(lab: BenchLab, twin: Twin, pairs: number): Promise<Figure[]> {
  const laptop = await hostOf(lab, 'laptop-1');
  const device = await hostOf(lab, 'inverter.gruenau');
  const server = iperfServer(device.runner);
  const transfer = (to: string, isDownload: boolean, seconds = TRANSFER_S) =>
    iperf(laptop.runner, { to, seconds, isDownload });
  try {
    for (const to of [DEVICE, twin.address]) await works(() => transfer(to, false, WARM_S));
    const figures: Figure[] = [];
    for (const isDownload of [false, true]) {
      const speeds = { parkway: new Array<number>(), twin: new Array<number>() };
      for (let pair = 0; pair < pairs; pair += 1) {
        const order = pair % 2 === 0 ? (['parkway', 'twin'] as const) : (['twin', 'parkway'] as const);
        for (const way of order) speeds[way].push(await transfer(way === 'twin' ? twin.address : DEVICE, isDownload));
      }
      figures.push(...figuresOf(isDownload ? 'down' : 'up', speeds));
    }
    return figures;
  } finally {
    server.stop();
  }
}

/** The median of the ratios of pairs, and what Parkway did in Mbit/s. */
function figuresOf(name: string, { parkway, twin }: { parkway: readonly number[]; twin: readonly number[] }): Figure[] {
  const ratio = percentile(
    parkway.map((speed, pair) => speed / (twin[pair] ?? NaN)),
    0.5,
  );
  const value = Math.round(ratio * 1000) / 1000;
  const runs = parkway.length;
  const speed = Math.round(percentile(parkway, 0.5) / 1e6);
  return [
    { id: `throughput.${name}`, value, unit: '', target: `>= ${TARGET}`, met: value >= TARGET, runs },
    { id: `throughput.${name}.speed`, value: speed, unit: 'Mbit/s', runs },
  ];
}

/** Resolves when a way works. Throws when it does not within twenty seconds. */
async function works(attempt: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + WAYS_WITHIN_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof KernelError) || performance.now() > until) throw error;
      await delay(200);
    }
  }
}
