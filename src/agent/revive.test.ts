import { expect, it } from 'vitest';
import { findSilent } from './revive.ts';

const at = (bytes: number, time: number) => new Map([['gw1', { bytes, at: time }]]);
const now = (bytes: number) => new Map([['gw1', bytes]]);

it('takes a tunnel for silent when no byte came for five seconds, and not before', () => {
  expect(findSilent(at(500, 1000), now(500), 5999)).toEqual({ heard: at(500, 1000), silent: [] });
  expect(findSilent(at(500, 1000), now(500), 6000)).toEqual({ heard: at(500, 6000), silent: ['gw1'] });
});

it('gives a new tunnel, one that received something and one that was just revived five seconds', () => {
  expect(findSilent(new Map(), now(0), 9000)).toEqual({ heard: at(0, 9000), silent: [] });
  expect(findSilent(at(500, 1000), now(501), 9000)).toEqual({ heard: at(501, 9000), silent: [] });
  const revived = findSilent(at(500, 1000), now(500), 9000);
  expect(findSilent(revived.heard, now(500), 11_000).silent).toEqual([]);
});

it('leaves a tunnel alone for half a minute on which a handshake was answered and nothing more came: its gateway has no daemon (AVL-4)', () => {
  expect(findSilent(at(92, 1000), now(92), 30_999).silent).toEqual([]);
  expect(findSilent(at(92, 1000), now(92), 31_000).silent).toEqual(['gw1']);
  // Nobody answered: there is no session to lose.
  expect(findSilent(at(0, 1000), now(0), 6000).silent).toEqual(['gw1']);
});

it('forgets a tunnel that is gone', () => {
  expect(findSilent(at(500, 1000), new Map(), 9000)).toEqual({ heard: new Map(), silent: [] });
});
