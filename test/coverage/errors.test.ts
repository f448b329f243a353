import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/wire/problem.ts';

test('docs/errors.md lists exactly the codes of the catalogue, each with its status', async () => {
  const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\| \S.*\| \S.*\|$/gm)].map(
    ([, code, status]) => `${code} ${status}`,
  );
  const known = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
  expect(listed.toSorted()).toEqual(known.toSorted());
});
