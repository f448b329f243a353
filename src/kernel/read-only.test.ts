import { expect, it } from 'vitest';
import { fakeRunner } from './fake.ts';
import { READ_BATCH, ipBatch } from './ip.ts';
import { WouldChange, readOnly } from './read-only.ts';
import { ensureSysctls } from './sysctl.ts';
import { setWgPeers } from './wg.ts';

const kernel = fakeRunner((argv) => (argv.startsWith('sysctl -n') ? '1\n' : ''));

it('lets through what reads', async () => {
  const reading = readOnly(kernel);
  for (const argv of ['wg show slot1 dump', 'sysctl -n net.ipv4.ip_forward'])
    await expect(reading.run(argv.split(' '))).resolves.toBeTypeOf('string');
  await expect(reading.run(READ_BATCH, { input: 'rule show\nroute show table 200\n' })).resolves.toBeTypeOf('string');
});

it('refuses what changes, and takes what is as it shall be for nothing to change', async () => {
  const reading = readOnly(kernel);
  await expect(ensureSysctls(reading, { 'net.ipv4.ip_forward': '1' })).resolves.toEqual([]);
  await expect(ensureSysctls(reading, { 'net.ipv4.ip_forward': '0' })).rejects.toThrow(WouldChange);
  await expect(ipBatch(reading, [])).resolves.toBeUndefined();
  await expect(ipBatch(reading, ['link set dev lo up'])).rejects.toThrow(WouldChange);
  await expect(reading.run(READ_BATCH, { input: 'rule show\nrule del pref 0\n' })).rejects.toThrow(WouldChange);
  await expect(setWgPeers(reading, 'slot1', [])).resolves.toBeUndefined();
  await expect(reading.run(['nft', '-f', '-'])).rejects.toThrow(WouldChange);
  expect(() => reading.follow(['perl', 'listen.pl', 'parkway'], () => undefined)).toThrow(WouldChange);
});
