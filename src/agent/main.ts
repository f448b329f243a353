import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '../net/clock.ts';
import { realRunner } from '../kernel/run.ts';
import { startAgent } from './start.ts';

const environment = z.object({
  PARKWAY_CONTROL_URL: z.url({ protocol: /^https?$/ }),
  PARKWAY_STATE_DIR: z.string().startsWith('/'),
  PARKWAY_ENROLLMENT_TOKEN_FILE: z.string().startsWith('/').optional(),
});

const log = pino({ name: 'agent' });
const env = environment.safeParse(process.env);
if (!env.success) {
  log.fatal(`the environment is not as it must be: ${z.prettifyError(env.error)}`);
  process.exit(2);
}

try {
  const agent = await startAgent({
    controlUrl: env.data.PARKWAY_CONTROL_URL,
    stateDir: env.data.PARKWAY_STATE_DIR,
    tokenFile: env.data.PARKWAY_ENROLLMENT_TOKEN_FILE,
    runner: realRunner(),
    clock: systemClock,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void agent.close());
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
