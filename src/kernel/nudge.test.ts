import { expect, it } from 'vitest';
import { fakeRunner } from './fake.ts';
import { listTcp, nudge } from './nudge.ts';

const LISTING = `tcp      6 431999 ESTABLISHED src=100.64.0.3 dst=10.17.5.20 sport=60224 dport=22 src=240.1.5.20 dst=100.64.0.3 sport=22 dport=60224 [ASSURED] mark=1 use=1
tcp      6 9 CLOSE src=100.64.0.3 dst=100.96.5.20 sport=60226 dport=5001 packets=9 bytes=400 src=100.96.5.20 dst=100.64.0.3 sport=5001 dport=60226 packets=9 bytes=800 [ASSURED] mark=0 use=1
tcp      6 55 TIME_WAIT src=100.64.0.3 dst=10.17.5.20 sport=43150 dport=80 src=240.1.5.20 dst=100.64.0.3 sport=80 dport=43150 [ASSURED] mark=1 use=1
`;

it('reads connections that somebody may still wait on by the direction of their opener, those reset towards the other side included, and nudges the opener as the other side', async () => {
  const runner = fakeRunner((argv) =>
    argv.startsWith('conntrack') ? LISTING : argv.startsWith('perl') ? '' : undefined,
  );
  const connections = await listTcp(runner);
  expect(connections).toEqual([
    {
      source: '100.64.0.3',
      sourcePort: 60224,
      destination: '10.17.5.20',
      destinationPort: 22,
      target: '240.1.5.20',
      mark: 1,
    },
    {
      source: '100.64.0.3',
      sourcePort: 60226,
      destination: '100.96.5.20',
      destinationPort: 5001,
      target: '100.96.5.20',
      mark: 0,
    },
  ]);
  await nudge(runner, connections, 0x500);
  expect(runner.text()).toContain(' 1280\n  10.17.5.20 22 100.64.0.3 60224');
});

it('starts nothing when there is nobody to nudge', async () => {
  const runner = fakeRunner(() => undefined);
  await nudge(runner, [], 0x500);
  expect(runner.text()).toBe('');
});
