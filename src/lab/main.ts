/**
 * The supervisor of a lab that runs in the background: `parkway lab up --detach` starts it, hears of its progress over
 * the IPC channel, and lets go of it when it is healthy.
 */
import { parseArgs } from 'node:util';
import { messageSchema, type Message } from './detached.ts';
import { openLab } from './supervisor.ts';

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/var/lib/parkway-lab' },
    name: { type: 'string', default: 'default' },
    gateways: { type: 'string', default: '' },
    resume: { type: 'boolean', default: false },
    size: { type: 'string' },
    seed: { type: 'string' },
  },
});

/** Tells whoever started us, as long as they listen. */
function tell(message: Message): void {
  if (process.connected) process.send?.(messageSchema.parse(message));
}

try {
  const say = (line: string) => {
    process.stdout.write(`${line}\n`);
    tell({ type: 'progress', line });
  };
  const size = values.size === undefined ? undefined : { size: Number(values.size), seed: Number(values.seed) };
  const lab = await openLab({ ...values, gateways: values.gateways.split(','), size, say });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void lab.down());
  const status = await lab.start();
  tell(status === undefined ? { type: 'failed', error: 'The lab was taken down.' } : { type: 'ready', status });
  if (process.connected) process.disconnect();
  await lab.ended;
  // A request that control can no longer answer would keep this process for its time-out.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  tell({ type: 'failed', error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
