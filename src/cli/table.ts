import { styleText } from 'node:util';

type Color = 'green' | 'yellow' | 'red';

/** Rows of text under headings. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many leading columns name the group of a row; a terminal shows them once per group. */
  readonly grouped?: number;
  /** Words that a terminal shows in colour. */
  readonly colors?: Readonly<Record<string, Color>>;
}

/** What stands for something that is not there. */
export const NONE = '-';

/**
 * The text of a table: aligned columns, two spaces apart, no lines or boxes. With `pretty` headings are bold, words are
 * coloured and what names the group is not repeated; without it every line stands for itself, for `grep` and `awk`.
 */
export function formatTable({ columns, rows, grouped = 0, colors = {} }: Table, pretty: boolean): string {
  const clean = rows.map((row) => row.map(printable));
  const body = pretty ? withoutRepeats(clean, grouped) : clean;
  const headings = columns.map((name) => name.toUpperCase());
  const widths = headings.map((name, at) => Math.max(...[name, ...body.map((row) => row[at] ?? '')].map(widthOf)));
  const paint = (cell: string) => (pretty ? inColor(colors[cell], cell) : cell);
  const line = (cells: readonly string[], shown: (cell: string) => string) =>
    `${cells
      .map((cell, at) => shown(cell) + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd()}\n`;
  const bold = (cell: string) => (pretty ? inColor('bold', cell) : cell);
  return [line(headings, bold), ...body.map((row) => line(row, paint))].join('');
}

/** The text of one thing: a line per property. */
export function formatThing(properties: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...properties.map(([name]) => name.length)) + 3;
  return properties.map(([name, value]) => `${`${name}:`.padEnd(width)}${printable(value)}\n`).join('');
}

function inColor(color: Color | 'bold' | undefined, cell: string): string {
  return color === undefined ? cell : styleText(color, cell, { validateStream: false });
}

function withoutRepeats(rows: readonly (readonly string[])[], grouped: number): (readonly string[])[] {
  return rows.map((row, index) => {
    const before = rows[index - 1];
    const differs = row.findIndex((cell, at) => cell !== before?.[at]);
    const repeats = Math.min(differs === -1 ? grouped : differs, grouped);
    return row.map((cell, at) => (at < repeats ? '' : cell));
  });
}

const GRAPHEMES = new Intl.Segmenter('en');

function widthOf(cell: string): number {
  return [...GRAPHEMES.segment(cell)].length;
}

/** Names come from other people: what they contain must not control the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '');
}
