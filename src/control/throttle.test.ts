import { expect, test } from 'vitest';
import { newThrottle } from './throttle.ts';

function throttle() {
  const clock = { time: 0, now: () => clock.time };
  return { clock, ...newThrottle({ limit: 2, windowMs: 10_000, clock }) };
}

test('a key has its attempts and then waits for the end of the window', () => {
  const { take, clock } = throttle();
  expect([take('a'), take('a'), take('a'), take('b')]).toEqual([0, 0, 10, 0]);
  clock.time = 9500;
  expect(take('a')).toBe(1);
  clock.time = 10_000;
  expect(take('a')).toBe(0);
});

test('what is forgiven can be attempted again', () => {
  const { take, forgive } = throttle();
  take('a');
  take('a');
  forgive('a');
  expect([take('a'), take('a')]).toEqual([0, 10]);
  forgive('nobody');
  expect(take('nobody')).toBe(0);
});
