import { KernelError, type Runner } from '../kernel/run.ts';
import { inside } from './inside.ts';

const DEVICE = 'wg0';
const FILE = `/run/${DEVICE}.conf`;

/**
 * Brings up a `.conf` on a laptop with the stock `wg-quick`, in place of the one that is up. The file lies in the
 * laptop's own memory. Throws KernelError when it refuses the file.
 */
export async function connectLaptop(runner: Runner, init: number, conf: string): Promise<void> {
  await disconnectLaptop(runner, init);
  await runner.run(inside(init, ['install', '-m', '600', '/dev/stdin', FILE]), { input: conf });
  try {
    await quick(runner, init, 'up');
  } catch (error) {
    await runner.run(inside(init, ['rm', '-f', FILE]));
    throw error;
  }
}

/** Takes the tunnel of a laptop down. Returns whether there was one. */
export async function disconnectLaptop(runner: Runner, init: number): Promise<boolean> {
  try {
    await runner.run(inside(init, ['test', '-e', FILE]));
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  }
  // The interface may be gone already: somebody used wg-quick or killed wireguard-go.
  await quick(runner, init, 'down').catch(() => undefined);
  await runner.run(inside(init, ['rm', '-f', FILE]));
  return true;
}

function quick(runner: Runner, init: number, verb: 'up' | 'down'): Promise<string> {
  return runner.run(inside(init, ['wg-quick', verb, FILE]));
}
