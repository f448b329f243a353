import { find } from '../../store/find.ts';
import { findQuery, findingsSchema } from '../../wire/rest/find.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

/** Jump to anything that one may see. */
export function findRoutes(app: App, deps: Deps): void {
  app.get(
    '/find',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'find',
        summary: 'Plants, devices, portfolios and people by a part of their name or address, the best 20',
        tags: ['Find'],
        querystring: findQuery,
        response: { 200: findingsSchema },
      },
    },
    async ({ actor, query }) => ({ items: await find(deps.db, actor.userId, query.q) }),
  );
}
