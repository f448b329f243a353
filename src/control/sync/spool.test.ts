import { expect, test } from 'vitest';
import { spooled } from './spool.ts';

async function all<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const part of parts) taken.push(part);
  return taken;
}

test('reading does not wait for who takes; each taker gets all parts, also one that comes late', async () => {
  let isRead = false;
  const parts = spooled<number>(async (put) => {
    for (let n = 0; n < 5; n += 1) {
      await Promise.resolve();
      put(n);
    }
    isRead = true;
  });
  const slow = parts[Symbol.asyncIterator]();
  expect(await slow.next()).toEqual({ value: 0, done: false });
  await expect.poll(() => isRead).toBe(true);
  expect(await all(parts)).toEqual([0, 1, 2, 3, 4]);
  expect(await slow.next()).toEqual({ value: 1, done: false });
});

test('a failure comes after the parts before it, to every taker', async () => {
  const parts = spooled<number>(async (put) => {
    put(1);
    await Promise.resolve();
    throw new Error('connection lost');
  });
  for (let taker = 0; taker < 2; taker += 1) {
    const iterator = parts[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    await expect(iterator.next()).rejects.toThrow('connection lost');
  }
});
