import { expect, test } from 'vitest';
import { acknowledging } from './acks.ts';

test('while one confirmation is written, only the latest of those that come is', async () => {
  const written: number[] = [];
  const first = Promise.withResolvers<void>();
  const note = acknowledging((revision) => {
    written.push(revision);
    return written.length === 1 ? first.promise : Promise.resolve();
  });
  const noted = [note(5), note(7), note(9), note(8)];
  expect(written).toEqual([5]);
  first.resolve();
  await Promise.all(noted);
  expect(written).toEqual([5, 9]);
});

test('one that cannot be written is told to who waits for it, and the next is tried', async () => {
  const note = acknowledging((revision) =>
    revision === 5 ? Promise.reject(new Error('no database')) : Promise.resolve(),
  );
  await expect(note(5)).rejects.toThrow('no database');
  await note(6);
});
