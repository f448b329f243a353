import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newKeyPair } from '../net/keys.ts';
import { trackPaths } from './paths.ts';

const AGENT = { address: toIp(0x64500101), publicKey: newKeyPair('x25519').publicKey };
const ADDRESS = '100.80.1.1';

function start() {
  let count = 0;
  const paths = trackPaths();
  const round = (agents = new Map([[1, AGENT]])) => paths.round(agents, () => `n${++count}`);
  return { paths, round };
}

test('the first answer makes a path up, three misses in a row make it down, once each', () => {
  const { paths, round } = start();
  round();
  expect(paths.all()).toBeUndefined();
  paths.answered(ADDRESS, 'n1');
  expect(paths.changes()).toEqual({ up: [1], down: [] });
  for (let n = 0; n < 3; n += 1) round();
  expect(paths.changes()).toEqual({ up: [], down: [] });
  round();
  expect(paths.changes()).toEqual({ up: [], down: [1] });
  round();
  expect(paths.changes()).toEqual({ up: [], down: [] });
  paths.answered(ADDRESS, 'n6');
  expect(paths.changes()).toEqual({ up: [1], down: [] });
  expect(paths.all()).toEqual({ up: [1], down: [] });
});

test('an answer that comes a second late counts; one that is made up, old or from elsewhere does not', () => {
  const { paths, round } = start();
  round();
  round();
  paths.answered(ADDRESS, 'made up');
  paths.answered('100.80.1.2', 'n1');
  expect(paths.changes()).toEqual({ up: [], down: [] });
  paths.answered(ADDRESS, 'n1');
  expect(paths.changes()).toEqual({ up: [1], down: [] });
  for (let n = 0; n < 4; n += 1) round();
  expect(paths.changes()).toEqual({ up: [], down: [1] });
  paths.answered(ADDRESS, 'n2');
  expect(paths.changes()).toEqual({ up: [], down: [] });
});

test('an agent that is replaced starts anew, one that is gone is down', () => {
  const { paths, round } = start();
  round();
  paths.answered(ADDRESS, 'n1');
  paths.changes();
  const moved = round(new Map([[1, { ...AGENT, address: toIp(0x64500109) }]]));
  expect(moved).toEqual([{ address: '100.80.1.9', nonce: 'n2' }]);
  expect(paths.changes()).toEqual({ up: [], down: [1] });
  round(new Map());
  expect(paths.all()).toEqual({ up: [], down: [] });
});

test('an agent that is long silent is probed seldom, not all of them in the same round, and every second once it is back', () => {
  const { paths, round } = start();
  const agents = new Map(Array.from({ length: 80 }, (_, n) => [n, { ...AGENT, address: toIp(AGENT.address + n) }]));
  for (let n = 0; n < 60; n += 1) expect(round(agents)).toHaveLength(80);
  const rounds = Array.from({ length: 8 }, () => round(agents));
  expect(rounds.map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => 10));
  expect(new Set(rounds.flat().map(({ address }) => address)).size).toBe(80);
  const [probe] = round(agents);
  if (probe === undefined) throw new Error('nobody was probed');
  paths.answered(probe.address, probe.nonce);
  for (let n = 0; n < 3; n += 1) expect(round(agents).map(({ address }) => address)).toContain(probe.address);
});

test('an agent out of reach is down after the same rounds without a probe, and up when it came into reach and answered', () => {
  const { paths } = start();
  const round = (isInReach: boolean) =>
    paths.round(
      new Map([[1, AGENT]]),
      () => 'n1',
      () => isInReach,
    );
  for (let n = 0; n < 3; n += 1) expect(round(false)).toEqual([]);
  expect(paths.all()).toBeUndefined();
  round(false);
  expect(paths.all()).toEqual({ up: [], down: [1] });
  expect(round(true)).toHaveLength(1);
  paths.answered(ADDRESS, 'n1');
  expect(paths.all()).toEqual({ up: [1], down: [] });
});
