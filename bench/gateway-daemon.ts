/**
 * The gateway's daemon as `src/gateway/main.ts` starts it, but with a log that tells what its sweeps take. Its arguments are
 * control's URL, the folder of its state, and its endpoint.
 */
import { pino } from 'pino';
import { keepHeapSmall } from '../src/gateway/heap.ts';
import { startGateway } from '../src/gateway/start.ts';
import { launchingRunner } from '../src/kernel/launch.ts';
import { systemClock } from '../src/net/clock.ts';
import { DEFAULT_POOLS } from '../src/net/pools.ts';

keepHeapSmall();
const [controlUrl = '', stateDir = '', endpoint = ''] = process.argv.slice(2);
await startGateway({
  controlUrl,
  stateDir,
  endpoint,
  tokenFile: undefined,
  uplink: undefined,
  limits: { newPerSecond: 50, burst: 200, connections: 4096 },
  pools: DEFAULT_POOLS,
  runner: launchingRunner(),
  clock: systemClock,
  log: pino({ name: 'gateway', level: 'debug' }),
});
