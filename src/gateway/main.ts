import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '../net/clock.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { launchingRunner } from '../kernel/launch.ts';
import { endpointSchema } from '../wire/state.ts';
import { keepHeapSmall } from './heap.ts';
import { startGateway } from './start.ts';

const number = (initial: number) => z.coerce.number().int().min(1).max(1_000_000).default(initial);

const environment = z.object({
  PARKWAY_CONTROL_URL: z.url({ protocol: /^https?$/ }),
  PARKWAY_STATE_DIR: z.string().startsWith('/'),
  PARKWAY_ENDPOINT: endpointSchema,
  PARKWAY_ENROLLMENT_TOKEN_FILE: z.string().startsWith('/').optional(),
  PARKWAY_UPLINK: z
    .string()
    .regex(/^[\w.-]{1,15}$/)
    .optional(),
  PARKWAY_LIMIT_NEW_PER_SECOND: number(50),
  PARKWAY_LIMIT_BURST: number(200),
  PARKWAY_LIMIT_CONNECTIONS: number(4096),
  PARKWAY_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

keepHeapSmall();
const log = pino({ name: 'gateway' });
const parsed = environment.safeParse(process.env);
if (!parsed.success) {
  log.fatal(`the environment is not as it must be: ${z.prettifyError(parsed.error)}`);
  process.exit(2);
}

const env = parsed.data;
log.level = env.PARKWAY_LOG_LEVEL;
try {
  const gateway = await startGateway({
    controlUrl: env.PARKWAY_CONTROL_URL,
    stateDir: env.PARKWAY_STATE_DIR,
    endpoint: env.PARKWAY_ENDPOINT,
    tokenFile: env.PARKWAY_ENROLLMENT_TOKEN_FILE,
    uplink: env.PARKWAY_UPLINK,
    limits: {
      newPerSecond: env.PARKWAY_LIMIT_NEW_PER_SECOND,
      burst: env.PARKWAY_LIMIT_BURST,
      connections: env.PARKWAY_LIMIT_CONNECTIONS,
    },
    pools: DEFAULT_POOLS,
    runner: launchingRunner(),
    clock: systemClock,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void gateway.close());
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
