import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const figureSchema = z.object({
  /** Such as `grant.p99`: the part before the first dot is the bench. */
  id: z.string(),
  value: z.number(),
  unit: z.string(),
  /** What it should be, such as `<= 100`; absent where a figure is only to be known. */
  target: z.string().optional(),
  met: z.boolean().optional(),
  /** How many measurements stand behind it. */
  runs: z.int(),
});

/** One figure of `bench/results.json`, which holds the last figures of each bench; `<bench>.size` says at how many routes they were taken. */
export type Figure = z.infer<typeof figureSchema>;

/** The value below which the given share (0 to 1) of the samples lies: nearest rank. Throws RangeError without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no samples');
  return value;
}

/** The figures p50, p99 and the slowest of samples in milliseconds, against upper targets where there are some. */
export function latencies(
  bench: string,
  samples: readonly number[],
  targets: { p50?: number; p99?: number },
): Figure[] {
  const figure = (name: string, value: number, target?: number): Figure => {
    const rounded = Math.round(value * 10) / 10;
    const base = { id: `${bench}.${name}`, value: rounded, unit: 'ms', runs: samples.length };
    return target === undefined ? base : { ...base, target: `<= ${target}`, met: value <= target };
  };
  return [
    figure('p50', percentile(samples, 0.5), targets.p50),
    figure('p99', percentile(samples, 0.99), targets.p99),
    figure('max', Math.max(...samples)),
  ];
}

/** How many changes per second were answered, by when each was in milliseconds; a condition of other figures that has to hold. */
export function rate(id: string, changes: readonly { readonly at: number }[], atLeast: number): Figure {
  const times = changes.map(({ at }) => at);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
  const value = seconds > 0 ? Math.round(((times.length - 1) / seconds) * 10) / 10 : 0;
  return { id, value, unit: 'changes/s', runs: times.length, target: `>= ${atLeast}`, met: value >= atLeast };
}

/** The figures as a table for people. A missed target stays in it as missed. */
export function asTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ id, value, unit, target, met, runs }) => {
    const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
    return [id, `${value} ${unit}`, target ?? '', verdict, String(runs)];
  });
  const all = [['figure', 'value', 'target', '', 'runs'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Replaces what figures are measured anew: all of a bench, of `growth` all of a bench at a size. Those of others stay. In the order
 * of their ids.
 */
export function merged(former: readonly Figure[], figures: readonly Figure[]): Figure[] {
  const measured = new Set(figures.map(measurementOf));
  const others = former.filter((figure) => !measured.has(measurementOf(figure)));
  return [...others, ...figures].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

/** `grant` of `grant.p50`, `growth.grant@1000` of `growth.grant.p50@1000`. */
function measurementOf({ id }: Figure): string {
  const [, bench = '', size = ''] = /^(growth\.[^.]+|[^.]+)[^@]*(@\d+)?$/.exec(id) ?? [];
  return `${bench}${size}`;
}

/** The size of each bench's figures. */
export function sizesOf(figures: readonly Figure[]): ReadonlyMap<string, number> {
  return new Map(
    figures.filter(({ id }) => /^[^.]+\.size$/.test(id)).map(({ id, value }) => [id.split('.')[0] ?? id, value]),
  );
}

/** Merges figures into the results file, which another bench may write, too. Returns what was in it and what is. */
export function keepFigures(file: string, figures: readonly Figure[]): { before: Figure[]; after: Figure[] } {
  const before = readFigures(file);
  const after = merged(before, figures);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(after, null, 2)}\n`);
  renameSync(draft, file);
  return { before, after };
}

function readFigures(file: string): Figure[] {
  return existsSync(file) ? z.array(figureSchema).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}
