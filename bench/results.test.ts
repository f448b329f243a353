import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Figure, asTable, keepFigures, latencies, merged, percentile, rate, sizesOf } from './results.ts';

const figure = (id: string, value = 1): Figure => ({ id, value, unit: 'ms', runs: 1 });
const ids = (figures: readonly Figure[]) => figures.map(({ id }) => id);

describe('percentile', () => {
  it('is the nearest rank', () => {
    const samples = [50, 15, 40, 20, 35];
    expect([0, 0.05, 0.3, 0.4, 0.5, 0.99, 1].map((share) => percentile(samples, share))).toEqual([
      15, 15, 20, 20, 35, 50, 50,
    ]);
  });

  it('of a hundred samples leaves one above the 99th', () => {
    const samples = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(percentile(samples, 0.99)).toBe(99);
  });

  it('needs samples', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});

describe('figures', () => {
  it('compare the value, not the rounded one, with the target', () => {
    const [p50, p99, max] = latencies('grant', [40.04], { p50: 40 });
    expect(p50).toEqual({ id: 'grant.p50', value: 40, unit: 'ms', runs: 1, target: '<= 40', met: false });
    expect(p99).toEqual({ id: 'grant.p99', value: 40, unit: 'ms', runs: 1 });
    expect(max?.id).toBe('grant.max');
  });

  it('count changes per second between the first and the last', () => {
    const changes = [2000, 1000, 1500, 3000].map((at) => ({ at }));
    expect(rate('sync.changes', changes, 2)).toMatchObject({ value: 1.5, met: false, target: '>= 2', runs: 4 });
  });

  it('stand in the table as missed when their target is', () => {
    const table = asTable([{ ...figure('a.p99', 200), target: '<= 100', met: false }, figure('b.p99')]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['figure', 'value', 'target', 'runs'],
      ['a.p99', '200 ms', '<= 100', 'MISSED', '1'],
      ['b.p99', '1 ms', '1'],
    ]);
  });
});

describe('results', () => {
  it('of benches that did not run stay; a bench that ran keeps nothing of its former figures', () => {
    const former = [figure('grant.p50', 9), figure('grant.gone'), figure('grants.p50'), figure('derive.grant.p50')];
    expect(merged(former, [figure('grant.p50', 3), figure('grant.p99')])).toEqual([
      figure('derive.grant.p50'),
      figure('grant.p50', 3),
      figure('grant.p99'),
      figure('grants.p50'),
    ]);
  });

  it('of growth are replaced per bench and size', () => {
    const former = [
      'growth.grant.p50@1000',
      'growth.grant.gone@1000',
      'growth.grant.p50@10000',
      'growth.sync.p50@1000',
    ];
    const after = merged(
      former.map((id) => figure(id)),
      [figure('growth.grant.p50@1000', 2)],
    );
    expect(ids(after)).toEqual(['growth.grant.p50@1000', 'growth.grant.p50@10000', 'growth.sync.p50@1000']);
    expect(after[0]?.value).toBe(2);
  });

  it('say at which size each bench was', () => {
    const figures = [figure('grant.size', 1000), figure('growth.grant.size@10', 10), figure('grant.p50')];
    expect([...sizesOf(figures)]).toEqual([['grant', 1000]]);
  });

  it('are a file of rows, and nothing else is left in its folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parkway-results-'));
    try {
      const file = join(folder, 'results.json');
      keepFigures(file, [figure('b.p50')]);
      const { before } = keepFigures(file, [figure('a.p50')]);
      expect(ids(before)).toEqual(['b.p50']);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([figure('a.p50'), figure('b.p50')]);
      expect(readdirSync(folder)).toEqual(['results.json']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
