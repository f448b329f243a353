import { describe, expect, it } from 'vitest';
import { compareKey, fileNameOf } from './key.ts';

describe('comparing with the key of a client (VPN-15)', () => {
  const current = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
  it.each([
    ['', 'empty'],
    [` ${current}\n`, 'same'],
    ['xTIB A5rb oUvn H4ht odjb 6e69 7QjL ERt1 NAB4 mZqp 8Dg=', 'same'],
    ['yTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', 'stale'],
    ['xTIBA5rboUvn', 'malformed'],
  ])('%j is %s', (pasted, expected) => {
    expect(compareKey(pasted, current)).toBe(expected);
  });
});

it.each([
  ['Lena Hoffmann', 'lena-hoffmann.conf'],
  ['Inês Carvalho', 'ines-carvalho.conf'],
  ['Maximilian-Alexander Groß', 'maximilian-alex.conf'],
  ['李', 'parkway.conf'],
])('names the profile of %s %s (VPN-3)', (name, file) => {
  expect(fileNameOf(name)).toBe(file);
});
