import { pageOf } from '../../wire/rest/common.ts';
import { routeParams, routeQuery, routeSchema } from '../../wire/rest/routes.ts';
import { type RouteVerb, setRoute } from '../app/set-route.ts';
import { listOwnRoutes } from '../app/show-route.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

const SUMMARIES: Readonly<Record<RouteVerb, string>> = {
  use: 'Use this park: the route takes the addresses that another of your routes owns',
  pause: 'Pause a route: nothing passes, and it keeps its addresses',
  resume: 'Resume a paused route',
};

/** A person's own routes (VPN-9 to VPN-13). */
export function routeRoutes(app: App, deps: Deps): void {
  const config = { access: 'routes' } as const;
  const tags = ['Routes'];
  app.get(
    '/routes',
    {
      config,
      schema: {
        operationId: 'listRoutes',
        summary: 'The subnets you may reach, and whether you do now',
        tags,
        querystring: routeQuery,
        response: { 200: pageOf(routeSchema) },
      },
    },
    async ({ actor, query }) => listOwnRoutes(deps, actor, query),
  );
  for (const verb of ['use', 'pause', 'resume'] as const) {
    app.post(
      `/routes/:subnetId/${verb}`,
      {
        config,
        schema: {
          operationId: `${verb}Route`,
          summary: SUMMARIES[verb],
          tags,
          params: routeParams,
          response: { 200: routeSchema },
        },
      },
      async ({ actor, params }, reply) => {
        const { revision, route } = await setRoute(deps, actor, params.subnetId, verb);
        answerRevision(reply, revision);
        return reply.send(route);
      },
    );
  }
}
