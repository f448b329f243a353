import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pack, unpack } from './packing.ts';
import { MAX_MESSAGE } from './sync.ts';

const large = { rows: Array.from({ length: 5000 }, (_, n) => [1_681_915_904 + (n >> 6), n % 97, n]) };

test('a small message stays a text, a large one becomes a third, and both are read back', async () => {
  expect(await pack({ type: 'x' })).toBe('{"type":"x"}');
  expect(await unpack(Buffer.from('{"type":"x"}'), false)).toBe('{"type":"x"}');
  const packed = await pack(large);
  if (typeof packed === 'string') throw new Error('not compressed');
  expect(packed.length).toBeLessThan(JSON.stringify(large).length / 3);
  expect(JSON.parse(await unpack(packed, true))).toEqual(large);
});

test('a few bytes do not become more than a message may have', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(MAX_MESSAGE + 1, 32));
  expect(bomb.length).toBeLessThan(1000);
  await expect(unpack(bomb, true)).rejects.toThrow('larger than');
});

test.each([
  ['that are none of a compressed message', Buffer.from('{"type":"x"}'), 'frame descriptor'],
  ['that are a part of one', zstdCompressSync(Buffer.from(JSON.stringify(large))).subarray(0, 1000), 'end of file'],
])('bytes %s are refused', async (_, data, why) => {
  await expect(unpack(data, true)).rejects.toThrow(why);
});
