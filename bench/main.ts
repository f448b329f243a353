/**
 * `make bench`: measures, prints a table and writes `bench/results.json`. `BENCH=grant` runs the benches whose figures
 * start so; `BENCH_SIZE` is the number of routes (10,000 unless given), `BENCH_RUNS` the number of repetitions (100).
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { benchAccess } from './access.ts';
import { type Figure, asTable, keepFigures } from './results.ts';

const env = z
  .object({
    BENCH: z.string().default(''),
    BENCH_SIZE: z.coerce.number().int().positive().default(10_000),
    BENCH_RUNS: z.coerce.number().int().positive().default(100),
  })
  .parse(process.env);

interface Bench {
  /** The beginnings of its figures' ids. */
  readonly ids: readonly string[];
  readonly run: () => Promise<Figure[]>;
}

const BENCHES: readonly Bench[] = [
  { ids: ['grant', 'withdraw'], run: () => benchAccess(env.BENCH_SIZE, env.BENCH_RUNS) },
];

const wanted = env.BENCH.split('.')[0] ?? '';
const chosen = BENCHES.filter(({ ids }) => wanted === '' || ids.includes(wanted));
if (chosen.length === 0) {
  const known = BENCHES.flatMap(({ ids }) => ids).join(', ');
  throw new Error(`There is no bench ${env.BENCH}. There are: ${known}.`);
}
const figures: Figure[] = [];
for (const { run } of chosen) figures.push(...(await run()));
keepFigures(fileURLToPath(new URL('results.json', import.meta.url)), figures);
console.log(asTable(figures));
