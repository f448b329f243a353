import { describe, expect, it } from 'vitest';
import { formatTable, formatThing } from './table.ts';

const table = {
  columns: ['portfolio', 'plant', 'status'],
  grouped: 1,
  colors: { active: 'green' },
  rows: [
    ['South', 'Sonnfeld', 'active'],
    ['South', 'Äcker', 'paused'],
  ],
} as const;

describe('formatTable', () => {
  it('is plain aligned columns, each line complete, where no terminal is', () => {
    expect(formatTable(table, false)).toBe(
      ['PORTFOLIO  PLANT     STATUS', 'South      Sonnfeld  active', 'South      Äcker     paused', ''].join('\n'),
    );
  });

  it('names a group once and colours words on a terminal', () => {
    const [heading, first, second] = formatTable(table, true).split('\n');
    expect(heading).toContain('\u001b[1mPLANT\u001b[22m');
    expect(first).toContain('\u001b[32mactive\u001b[39m');
    expect(second).toBe('           Äcker     paused');
  });

  it('lets no name control the terminal', () => {
    const [, row] = formatTable({ columns: ['plant'], rows: [['\u001b[2Jevil\r\n']] }, true).split('\n');
    expect(row).toBe('[2Jevil');
    expect(formatThing([['Name', 'a\u001b]0;b\u0007']])).toBe('Name:  a]0;b\n');
  });
});
