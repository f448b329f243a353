import { expect, it } from 'vitest';
import { findSilent } from './revive.ts';

const at = (bytes: number, time: number) => new Map([['gw1', { bytes, at: time }]]);
const now = (bytes: number) => new Map([['gw1', bytes]]);

it('takes a tunnel for silent when no byte came for five seconds, and not before', () => {
  expect(findSilent(at(10, 1000), now(10), 5999)).toEqual({ heard: at(10, 1000), silent: [] });
  expect(findSilent(at(10, 1000), now(10), 6000)).toEqual({ heard: at(10, 6000), silent: ['gw1'] });
});

it('gives a new tunnel, one that received something and one that was just revived five seconds', () => {
  expect(findSilent(new Map(), now(0), 9000)).toEqual({ heard: at(0, 9000), silent: [] });
  expect(findSilent(at(10, 1000), now(11), 9000)).toEqual({ heard: at(11, 9000), silent: [] });
  const revived = findSilent(at(10, 1000), now(10), 9000);
  expect(findSilent(revived.heard, now(10), 11_000).silent).toEqual([]);
});

it('forgets a tunnel that is gone', () => {
  expect(findSilent(at(10, 1000), new Map(), 9000)).toEqual({ heard: new Map(), silent: [] });
});
