import { enrollInput, enrollmentSchema } from '../../wire/rest/enroll.ts';
import { enrollDaemon } from '../app/enroll-daemon.ts';
import type { Deps } from '../deps.ts';
import { newThrottle } from '../throttle.ts';
import type { App } from './app.ts';
import { sourceOf } from './authenticate.ts';

/** Failed enrolments per source and minute. */
const LIMIT = { limit: 30, windowMs: 60_000 };

/** Where gateways and agents enrol. What lets them in is their token alone. */
export function enrollRoutes(app: App, deps: Deps): void {
  const failures = newThrottle({ ...LIMIT, clock: deps.clock });
  app.post(
    '/enroll',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'enroll',
        summary: 'Trade an enrolment token for the identity of a gateway or an agent',
        tags: ['Daemons'],
        body: enrollInput,
        response: { 200: enrollmentSchema },
      },
    },
    async (request) => {
      const enrolled = await enrollDaemon(deps, failures, request.body, sourceOf(request));
      return { ...enrolled, controlKey: deps.installation.keys.publicKey };
    },
  );
}
