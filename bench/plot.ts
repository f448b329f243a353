import { type Growth, SIZES } from './growth.ts';

const COLUMNS = 4;
const PANEL = { width: 240, height: 170 };
const FRAME = { left: 16, right: 224, top: 44, bottom: 140 };

/** No background of its own: the page shows through, and the colours follow the reader's scheme. */
const STYLE = `
  text { font: 11px system-ui, sans-serif; fill: #57606a }
  .name { font-weight: 600; fill: #1f2328 }
  .axis { stroke: #d0d7de }
  .target { stroke: #9a6700; stroke-dasharray: 4 3 }
  .aim { fill: #9a6700 }
  .line { stroke: #0969da; stroke-width: 1.5; fill: none }
  .met { fill: #0969da }
  .missed { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .name { fill: #f0f6fc }
    .axis { stroke: #3d444d }
    .target { stroke: #d29922 }
    .aim { fill: #d29922 }
    .line { stroke: #4493f8 }
    .met { fill: #4493f8 }
    .missed { fill: #f85149 }
  }`;

/**
 * Draws small multiples as SVG: a panel per figure, its target as a dashed line. The horizontal axis is the number of routes,
 * logarithmic; the vertical one starts at 0.
 */
export function plot(growths: readonly Growth[]): string {
  const height = Math.ceil(growths.length / COLUMNS) * PANEL.height;
  const panels = growths.map((growth, index) => {
    const [x, y] = [(index % COLUMNS) * PANEL.width, Math.floor(index / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">\n${panel(growth).join('\n')}\n</g>`;
  });
  const size = `viewBox="0 0 ${COLUMNS * PANEL.width} ${height}" width="${COLUMNS * PANEL.width}" height="${height}"`;
  const title = 'Figures by the number of routes';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img"><title>${title}</title><style>${STYLE}\n</style>\n${panels.join('\n')}\n</svg>\n`;
}

function panel({ id, unit, target, points }: Growth): string[] {
  const aim = Number(/[\d.]+$/.exec(target)?.[0]);
  const top = Math.max(...points.map(({ value }) => value), aim) * 1.15;
  const x = (size: number) =>
    at(Math.log10(size / SIZES[0]) / Math.log10(SIZES[3] / SIZES[0]), FRAME.left + 14, FRAME.right - 14);
  const y = (value: number) => at(Math.max(0, value) / top, FRAME.bottom, FRAME.top);
  const places = points.map(({ size, value }) => `${x(size)},${y(value)}`);
  return [
    text(FRAME.left, 16, 'name', id),
    text(FRAME.left, 31, 'unit', unit),
    `<line class="target" x1="${FRAME.left}" x2="${FRAME.right}" y1="${y(aim)}" y2="${y(aim)}"/>`,
    text(FRAME.right, 31, 'aim', escape(target), 'end'),
    `<line class="axis" x1="${FRAME.left}" x2="${FRAME.right}" y1="${FRAME.bottom}" y2="${FRAME.bottom}"/>`,
    ...SIZES.map((size) => text(x(size), FRAME.bottom + 15, 'size', short(size), 'middle')),
    `<polyline class="line" points="${places.join(' ')}"/>`,
    ...points.flatMap(({ size, value, met }) => [
      `<circle class="${met === false ? 'missed' : 'met'}" cx="${x(size)}" cy="${y(value)}" r="3"/>`,
      text(x(size), y(value) - 7, 'value', String(value), 'middle'),
    ]),
  ];
}

/** The place of a share (0 to 1) between two ends, to a tenth of a pixel. */
function at(share: number, from: number, to: number): number {
  return Math.round((from + share * (to - from)) * 10) / 10;
}

function text(x: number, y: number, kind: string, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

function short(size: number): string {
  return size >= 1_000_000 ? `${size / 1_000_000} M` : `${size / 1000} k`;
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<=', '≤').replaceAll('>=', '≥').replaceAll('<', '&lt;');
}
