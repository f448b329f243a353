import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { z } from 'zod';
import { type Cidr, cidr, overlaps, parseCidr } from '../net/cidr.ts';
import type { Runner } from '../kernel/run.ts';

const NETS = 256;

/** Name of the machine's own end of a lab's cable to control, by the lab's directory; at most 15 letters. */
export function machineDeviceOf(directory: string): string {
  return `parkway-${digest(directory).toString('hex').slice(0, 6)}`;
}

/**
 * Takes a number N such that 198.18.N.0/30 (RFC 2544, for tests) is free on this machine: nobody else gets it while this
 * process lives. Starts to look at a place given by the lab's directory, so that a lab has the same one each time.
 */
export async function freeNet(runner: Runner, directory: string): Promise<number> {
  const shape = z.array(z.object({ dst: z.string() }));
  const routes = shape.parse(JSON.parse(await runner.run(['ip', '-json', '-4', 'route', 'show', 'table', 'all'])));
  const taken = routes
    .map(({ dst }) => parseCidr(dst.includes('/') ? dst : `${dst}/32`))
    .filter((one): one is Cidr => typeof one !== 'string');
  const first = digest(directory)[0] ?? 0;
  for (let step = 0; step < NETS; step++) {
    const net = (first + step) % NETS;
    if (taken.some((other) => other.length > 0 && overlaps(other, cidr(`198.18.${net}.0/30`)))) continue;
    if (await claim(net)) return net;
  }
  throw new Error('No network 198.18.N.0/30 is free on this machine.');
}

/** Whether the number is ours now. A lab that starts beside us has no route yet: its name in the kernel says that it is taken. */
function claim(net: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once('error', () => resolve(false));
    server.listen(`\0parkway-198.18.${net}`, () => resolve(true));
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
