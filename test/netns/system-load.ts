/** What one user, or a stranger, can cost the others (VPN-16): registered by system-isolation.test.ts. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { must, until } from './support.ts';
import { OLE, OLGA, PLATFORM, type World, send, serveStreams, stream } from './system-world.ts';

const SCAN_SECONDS = 12;
/** Forty times what one user may open. */
const SCAN_RATE = 2000;
const FLOOD_SECONDS = 12;
const FLOOD = join(import.meta.dirname, 'system-flood.py');
/** Longest wait for an answer that is no stall, in ms: the machine is small and busy. */
const STALL_MS = 2000;

interface Rounds {
  readonly count: number;
  readonly median: number;
  readonly longest: number;
}

/** Asks Grünau's inverter over one TCP connection, again and again. Fails when the connection is lost. */
async function rounds(world: World, seconds: number): Promise<Rounds> {
  const said = await stream(world, OLGA, 'pingpong', '192.168.1.20', seconds);
  expect(said).not.toContain('lost');
  const [count = 0, median = 0, longest = 0] = said.split(' ').map(Number);
  return { count, median, longest };
}

/** Shows that another user notices nothing of what happens meanwhile. */
async function costsNothing(world: World, seconds: number, work: () => Promise<unknown>): Promise<void> {
  await serveStreams(world, 'inverter.gruenau');
  const before = await rounds(world, 3);
  const [during] = await Promise.all([rounds(world, seconds), work()]);
  expect(during.longest).toBeLessThan(STALL_MS);
  // Both wait for the same two processors: twice the time is the machine's, ten times would be the neighbour's.
  expect(during.median).toBeLessThan(before.median * 10 + 5);
  expect(during.count).toBeGreaterThan((before.count / 3) * seconds * 0.2);
}

const connections = async (world: World, host: string) =>
  Number(await must(world.at(host), 'cat /proc/sys/net/netfilter/nf_conntrack_count'));

/** New connections to what is granted and what is not, by TCP and UDP. */
function scan(source: string): string[] {
  const targets = ['172.20.4.20', '172.20.5.20', '100.96.2.20', '192.168.1.20', '100.96.0.20', '10.16.0.20'];
  return Array.from({ length: SCAN_RATE * SCAN_SECONDS }, (_, index) => {
    const protocol = index % 12 < 6 ? 'tcp' : 'udp';
    return `${protocol} ${source} ${targets[index % 6]} ${1024 + index} ${1 + (index % 9001)}`;
  });
}

export function loadTests(get: () => World): void {
  it('a scanner at its limit costs other users nothing, fills no connection table, and is seen by the operator', async () => {
    const world = get();
    const packets = scan(world.address(OLE));
    let most = 0;
    await costsNothing(world, SCAN_SECONDS, async () => {
      let isOver = false;
      const scanner = send(world.at(OLE.laptop), 'wg0', packets, 0, SCAN_RATE).finally(() => (isOver = true));
      await until(async () => {
        most = Math.max(most, await connections(world, 'gw-eu-1'));
        expect(isOver).toBe(true);
      }, 40_000);
      await scanner;
    });
    // What is allowed at once and while it lasts, and what stood before.
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThan(200 + 50 * (SCAN_SECONDS + 10) + 200);
    await until(async () => {
      const limits = await world.lab.parkway(PLATFORM, 'limits', '--json');
      expect(limits).toContain(OLE.email);
      expect(limits).not.toContain(OLGA.email);
    }, 30_000);
  });

  it('a million spoofed datagrams to the entry point cost users nothing and fill no connection table', async () => {
    const world = get();
    const { address, port } = world.lab.status.slot;
    const received = async () => Number(await must(world.at('gw-eu-1'), 'cat /sys/class/net/eth0/statistics/rx_bytes'));
    const [before, table] = [await received(), await connections(world, 'gw-eu-1')];
    await costsNothing(world, FLOOD_SECONDS, () =>
      must(world.at('edge-us'), `python3 ${FLOOD} ${address} ${port} ${FLOOD_SECONDS}`),
    );
    // Each carries 148 bytes.
    expect((await received()) - before).toBeGreaterThan(148_000_000);
    expect(await connections(world, 'gw-eu-1')).toBeLessThan(table + 100);
  });
}
