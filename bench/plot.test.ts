import { describe, expect, it } from 'vitest';
import { asGrowth, growthsOf } from './growth.ts';
import { plot } from './plot.ts';
import type { Figure } from './results.ts';

const figure = (value: number, met: boolean): Figure => ({
  id: 'grant.p50',
  value,
  unit: 'ms',
  runs: 25,
  target: '<= 40',
  met,
});
const figures = [...asGrowth([figure(80, false)], 1_000_000), ...asGrowth([figure(20, true)], 1000)];

describe('growth', () => {
  it('is gathered per figure in the order of sizes', () => {
    expect(growthsOf([...figures, figure(1, true)])).toEqual([
      {
        id: 'grant.p50',
        unit: 'ms',
        target: '<= 40',
        points: [
          { size: 1000, value: 20, met: true },
          { size: 1_000_000, value: 80, met: false },
        ],
      },
    ]);
  });

  it('is plotted for what has a target', () => {
    const { target: _, met: __, ...without } = figure(1, true);
    expect(growthsOf(asGrowth([without], 1000))).toEqual([]);
  });

  it('has no point for the slowest sample, nor for sizes off the axis', () => {
    expect(asGrowth([{ id: 'grant.max', value: 1, unit: 'ms', runs: 1 }], 1000)).toEqual([]);
    expect(asGrowth([figure(1, true)], 1234)).toEqual([]);
  });
});

describe('the plot', () => {
  const svg = plot(growthsOf(figures));
  const number = (pattern: RegExp) => Number(pattern.exec(svg)?.[1]);

  it('places sizes by their logarithm and values from zero, the target at its value', () => {
    const points = [...(/polyline[^>]* points="([^"]+)"/.exec(svg)?.[1] ?? '').matchAll(/([\d.]+),([\d.]+)/g)];
    const [[, left, low] = [], [, right, high] = []] = points;
    const bottom = number(/class="axis"[^>]* y1="([\d.]+)"/);
    const target = number(/class="target"[^>]* y1="([\d.]+)"/);
    expect(Number(left)).toBeLessThan(Number(right));
    // 80 stands four times as high above the axis as 20, and 40 half as high.
    expect(bottom - Number(high)).toBeCloseTo(4 * (bottom - Number(low)), 0);
    expect(bottom - target).toBeCloseTo((bottom - Number(high)) / 2, 0);
  });

  it('shows what misses its target', () => {
    expect(svg.match(/<circle class="missed"/g)).toHaveLength(1);
    expect(svg.match(/<circle class="met"/g)).toHaveLength(1);
  });

  it('is well-formed whatever units and targets say', () => {
    expect(svg).toContain('≤ 40');
    expect(svg.replaceAll(/<[^<>]+>/g, '')).not.toMatch(/[<>&]/);
  });

  it('of no figures is an empty picture', () => {
    expect(plot([])).toMatch(/^<svg .*<\/svg>\n$/s);
  });
});
