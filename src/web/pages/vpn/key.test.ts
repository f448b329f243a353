import { describe, expect, it } from 'vitest';
import { compareKey } from './key.ts';

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
