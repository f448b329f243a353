/**
 * A process that does what a gateway's daemon does with its rows, for `bench/state.ts`: `take` takes the messages of a file, `load`
 * loads what that left on disk. The kernel takes everything at once. Prints what it measured.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { openDisk } from '../src/gateway/disk.ts';
import { keepHeapSmall } from '../src/gateway/heap.ts';
import { applyChange } from '../src/gateway/state.ts';
import { openSync } from '../src/gateway/sync.ts';
import { toDaemon } from '../src/wire/sync.ts';

const [, , what, folder = ''] = process.argv;
keepHeapSmall();
const begun = performance.now();
let inForce: (() => void) | undefined;
const sync = openSync({
  disk: openDisk(join(folder, 'state.db')),
  enforcer: {
    converge: () => Promise.resolve(),
    replace: () => Promise.resolve(),
    change: async (state, rows, gone) => {
      applyChange(state, rows, gone);
      await nextTurn();
    },
  },
  onInForce: () => inForce?.(),
  onBroken: (reason) => {
    throw new Error(reason);
  },
});
const load = performance.now() - begun;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const measured = what === 'take' ? await take() : { load };
await sleep(20);
const memory = process.resourceUsage().maxRSS / 1024;
const { user, system } = process.cpuUsage();
const cpu = (user + system) / 1000;
process.stdout.write(JSON.stringify({ ...measured, stop: delay.max / 1e6, memory, cpu }));

/** Takes all messages; the time of each whole one is that from its first part until it is in force. */
async function take() {
  const [snapshots, single]: [number[], number[]] = [[], []];
  let catchUp = 0;
  let first: number | undefined;
  for await (const line of createInterface({ input: createReadStream(join(folder, 'messages')) })) {
    // As from a socket: one message in each turn.
    await nextTurn();
    first ??= performance.now();
    const message = toDaemon.parse(JSON.parse(line));
    if (message.type !== 'snapshot' && message.type !== 'delta') throw new Error(message.type);
    const isWhole = new Promise<void>((resolve) => (inForce = resolve));
    await sync.take(message);
    if (!message.last) continue;
    await isWhole;
    const took = performance.now() - first;
    first = undefined;
    if (message.type === 'snapshot') snapshots.push(took);
    else if (message.to === message.from + 1) single.push(took);
    else catchUp = took;
  }
  return { snapshots, single, catchUp };
}
