/**
 * `make bench`: measures, prints a table, and writes `bench/results.json` and `docs/growth.svg`. `BENCH=grant` runs the bench of
 * the figures whose ids start so (`growth.grant` its growth); `BENCH_SIZE` is the number of routes (100,000 unless given),
 * `BENCH_RUNS` the number of repetitions (100).
 *
 * A missed target is a figure like any other. A bench that fails is told, the others run, and the exit code is 1.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { benchAccess } from './access.ts';
import { benchDataplane } from './dataplane.ts';
import { benchDerive } from './derive.ts';
import { benchGateway } from './gateway.ts';
import { growthsOf } from './growth.ts';
import { leave } from './leave.ts';
import { type Bench, type Job, jobsOf, keptOf, titleOf } from './plan.ts';
import { plot } from './plot.ts';
import { type Figure, asTable, keepFigures, sizesOf } from './results.ts';
import { benchState } from './state.ts';
import { benchSync } from './sync.ts';
import { benchThroughput } from './throughput.ts';

const env = z
  .object({
    BENCH: z.string().default(''),
    BENCH_SIZE: z.coerce.number().int().positive().default(100_000),
    BENCH_RUNS: z.coerce.number().int().positive().default(100),
  })
  .parse(process.env);

const BENCHES: readonly Bench[] = [
  { ids: ['grant', 'withdraw'], run: benchAccess, growthRuns: 25 },
  { ids: ['derive'], run: benchDerive, growthRuns: 5 },
  { ids: ['sync'], run: benchSync, growthRuns: 10 },
  { ids: ['state'], run: benchState, growthRuns: 1 },
  { ids: ['gateway'], run: benchGateway, growthRuns: 20 },
  { ids: ['dataplane'], run: benchDataplane, growthRuns: 5 },
  // Two hops and one connection: the number of routes is no matter here, it is in the data plane's figures.
  { ids: ['throughput'], run: (_, runs) => benchThroughput(runs), growthRuns: undefined },
];

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url));
const PLOT = fileURLToPath(new URL('../docs/growth.svg', import.meta.url));

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => {
    say(`${signal}: clearing up`);
    void leave().then(() => process.exit(code));
  });

const jobs = jobsOf(BENCHES, { bench: env.BENCH, size: env.BENCH_SIZE, runs: env.BENCH_RUNS });
if (jobs.length === 0) {
  const known = [...BENCHES.flatMap(({ ids }) => ids), 'growth'].join(', ');
  throw new Error(`There is no bench ${env.BENCH}. There are: ${known}.`);
}
const measured: Figure[] = [];
let failures = 0;
for (const job of jobs) {
  const start = performance.now();
  say(titleOf(job));
  try {
    measured.push(...keep(job, await job.bench.run(job.size, job.runs)));
  } catch (error) {
    failures += 1;
    say(`FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  say(`  ${Math.round((performance.now() - start) / 1000)} s`);
}
if (measured.length > 0) console.log(asTable(measured));
say(`${Math.round(performance.now() / 1000)} s in all${failures > 0 ? `, ${failures} failed` : ''}`);
await leave();
process.exit(failures > 0 ? 1 : 0);

/** Writes figures down at once: what comes after may fail. */
function keep(job: Job, figures: readonly Figure[]): Figure[] {
  const kept = keptOf(job, figures);
  const { before, after } = keepFigures(RESULTS, kept);
  const former = sizesOf(before);
  for (const [bench, size] of sizesOf(kept)) {
    const was = former.get(bench) ?? size;
    if (was !== size)
      say(`  replaces the figures of ${bench} at ${was} routes; those stay as growth.${bench}.*@${was}`);
  }
  writeFileSync(PLOT, plot(growthsOf(after)));
  return kept;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
