import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import { Problem } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

const PATIENCE_MS = 2000;

const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

/** What a supervisor and a load balancer ask. Neither needs a token, and neither says more than it must. */
export function healthRoutes(app: App, deps: Deps): void {
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getHealth',
        summary: 'The process lives',
        tags: ['Health'],
        response: { 200: healthSchema },
      },
    },
    () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getReadiness',
        summary: 'The database answers',
        tags: ['Health'],
        response: { 200: healthSchema },
      },
    },
    async () => {
      await Promise.race([sql`select 1`.execute(deps.db), impatience()]);
      return { status: 'ok' as const };
    },
  );
}

/** A database that hangs does not answer either. */
async function impatience(): Promise<never> {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Problem('unavailable', `The database has not answered for ${PATIENCE_MS} ms.`, 2);
}
