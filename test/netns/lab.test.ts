import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realRunner } from '../../src/kernel/run.ts';
import { networkIdentity } from '../../src/lab/host.ts';
import { inside } from '../../src/lab/inside.ts';
import { freeNet } from '../../src/lab/machine.ts';
import { networkOf, type Network } from '../../src/lab/network.ts';
import { topologyOf } from '../../src/lab/topology.ts';

const runner = realRunner();
const DEVICE = 'parkway-test0';
const GATEWAY = '198.51.100.6';

describe('the network of a lab', () => {
  let network: Network;
  let control: string;

  beforeAll(async () => {
    const topology = topologyOf({ gateways: ['gw-eu-1'], net: await freeNet(runner, DEVICE) });
    control = topology.controlAddress;
    network = networkOf(topology, DEVICE, runner);
    await network.up();
  });
  afterAll(() => network.down());

  const on = (host: string, ...argv: string[]) => runner.run(inside(network.init(host) ?? 0, argv));
  /** At once; a neighbour that was away is forgotten by those who looked for it in vain, after a while. */
  const comesToReach = async (host: string, address: string): Promise<void> => {
    await expect.poll(() => reaches(host, address), { timeout: 10_000, interval: 100 }).toBe(true);
  };
  const reaches = (host: string, address: string) =>
    on(host, 'ping', '-c1', '-W1', address).then(
      () => true,
      () => false,
    );

  it('joins laptops and plants behind NAT with gateways and control, and control with the machine', async () => {
    await comesToReach('laptop-1', GATEWAY);
    await comesToReach('laptop-4', control);
    await comesToReach('plant-emden', control);
    expect(await runner.run(['ping', '-c1', '-W1', control])).toContain('1 received');
  });

  it('keeps the devices of a plant behind its agent', async () => {
    await comesToReach('plant-saale', '10.17.5.20');
    expect(await reaches('laptop-1', '10.17.5.20')).toBe(false);
    expect(await reaches('inverter.saale', GATEWAY)).toBe(false);
  });

  it('lets a silent host live and lose every packet', async () => {
    await network.silence('gw-eu-1', true);
    expect(await reaches('laptop-1', GATEWAY)).toBe(false);
    expect(await on('gw-eu-1', 'cat', '/sys/class/net/eth0/carrier')).toBe('1\n');
    await network.silence('gw-eu-1', false);
    await comesToReach('laptop-1', GATEWAY);
  });

  it.each(['gw-eu-1', 'edge-eu', 'control'])('boots %s again after it was killed', async (host) => {
    await network.kill(host);
    expect(await reaches('laptop-1', host === 'control' ? control : GATEWAY)).toBe(false);
    await network.boot(host);
    await comesToReach('laptop-1', GATEWAY);
    await comesToReach('laptop-1', control);
  });
});

describe('a host of a lab', () => {
  it('dies with whoever holds it, also when that is killed with -9', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parkway-'));
    const program = join(folder, 'hold.ts');
    const host = new URL('../../src/lab/host.ts', import.meta.url).pathname;
    await writeFile(
      program,
      `import { bootHost } from '${host}';
       const { init } = await bootHost({ name: 'x', role: 'laptop', address: '', addresses: [], routes: [], bridges: [] });
       console.log(init);
       setInterval(() => {}, 1000);`,
    );
    const holder = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const init = await new Promise<number>((resolve) =>
      createInterface(holder.stdout).once('line', (line) => resolve(Number(line))),
    );
    expect(networkIdentity(init)).not.toBe(networkIdentity(process.pid));
    const sleeper = spawn('setpriv', inside(init, ['sleep', '1000']).slice(1), { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');

    holder.kill('SIGKILL');
    await ended;
    await expect.poll(() => networkIdentity(init)).toBe(undefined);
    await rm(folder, { recursive: true });
  });
});
