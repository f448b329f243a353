import { expect, test } from 'vitest';
import { toIp } from '../net/ip.ts';
import { newHits, parseLimited } from './limits.ts';

const A = toIp(0x6440000b);
const B = toIp(0x6440000c);

const listing = (elem?: unknown) =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, { set: { name: 'limited', elem } }] });

test('the listing of nft is read, with and without elements', () => {
  const element = { elem: { val: '100.64.0.11', timeout: 3600, expires: 3590, counter: { packets: 12, bytes: 720 } } };
  expect(parseLimited(listing([element]))).toEqual(new Map([[A, 12]]));
  expect(parseLimited(listing())).toEqual(new Map());
});

test('only what came since the last reading is a hit; a table that was replaced counts from nothing (VPN-16)', () => {
  expect(
    newHits(
      new Map([
        [A, 5],
        [B, 9],
      ]),
      new Map([
        [A, 7],
        [B, 9],
      ]),
    ),
  ).toEqual([{ user: A, packets: 2 }]);
  expect(newHits(new Map([[A, 5]]), new Map([[A, 3]]))).toEqual([{ user: A, packets: 3 }]);
  expect(newHits(new Map([[A, 5]]), new Map())).toEqual([]);
});
