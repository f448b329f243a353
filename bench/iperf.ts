import { z } from 'zod';
import type { Follower, Runner } from '../src/kernel/run.ts';

const REPORT = z.object({ end: z.object({ sum_received: z.object({ bits_per_second: z.number() }) }) });
/** Beside the transfer itself. */
const PATIENCE_MS = 30_000;

export interface Transfer {
  readonly to: string;
  /** The source address; that of the route when undefined. */
  readonly from?: string;
  readonly seconds: number;
  /** From the server to the client. */
  readonly isDownload?: boolean;
}

/** Starts an iperf3 server on a host. It goes on until it is stopped. */
export function iperfServer(runner: Runner): Follower {
  return runner.follow(['iperf3', '--server', '--forceflush'], () => undefined);
}

/** One TCP transfer. Returns what the receiver received, bits per second. Throws `KernelError` when there is none. */
export async function iperf(runner: Runner, { to, from, seconds, isDownload = false }: Transfer): Promise<number> {
  const argv = ['iperf3', '--json', '--client', to, '--time', String(seconds)];
  if (from !== undefined) argv.push('--bind', from);
  if (isDownload) argv.push('--reverse');
  const text = await runner.run(argv, { timeoutMs: seconds * 1000 + PATIENCE_MS });
  return REPORT.parse(JSON.parse(text)).end.sum_received.bits_per_second;
}
