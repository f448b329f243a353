import type { Figure } from './results.ts';

/** At these sizes every figure that depends on the size is taken, and plotted. */
export const SIZES = [1000, 10_000, 100_000, 1_000_000] as const;

/** Figures that say how a bench was done, or are a single sample: nothing to see in a plot. */
const UNPLOTTED = /\.(size|max|beside|changes)$/;

/** A figure of some bench as a point of its growth, such as `growth.grant.p50@1000`. None for sizes that are not plotted. */
export function asGrowth(figures: readonly Figure[], size: number): Figure[] {
  if (!SIZES.some((one) => one === size)) return [];
  return figures
    .filter(({ id }) => !UNPLOTTED.test(id))
    .map((figure) => ({ ...figure, id: `growth.${figure.id}@${size}` }));
}

/** A figure at the sizes at which it is known, in the order of sizes. */
export interface Growth {
  readonly id: string;
  readonly unit: string;
  readonly target: string;
  readonly points: readonly { readonly size: number; readonly value: number; readonly met: boolean | undefined }[];
}

/** Gathers the points of `growth` among figures, of those that have a target. */
export function growthsOf(figures: readonly Figure[]): Growth[] {
  const grown = figures.flatMap((figure) => {
    const [, id, size] = /^growth\.(.+)@(\d+)$/.exec(figure.id) ?? [];
    const { target } = figure;
    return id === undefined || target === undefined ? [] : [{ ...figure, id, target, size: Number(size) }];
  });
  return [...Map.groupBy(grown, ({ id }) => id)].map(([id, points]) => ({
    id,
    unit: points[0]?.unit ?? '',
    target: points[0]?.target ?? '',
    points: points.map(({ size, value, met }) => ({ size, value, met })).sort((a, b) => a.size - b.size),
  }));
}
