import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, bodyOf } from '../../api/client.ts';
import { allPages, read } from '../../api/query.ts';

/** All your routes: a small page first, and when that is not all, one large page for the rest. */
export const routesQuery = read('routes', ['all'], (signal) =>
  allPages((cursor) =>
    bodyOf(
      api.GET('/api/v1/routes', {
        params: { query: cursor === undefined ? { limit: 200 } : { limit: 10_000, cursor } },
        signal,
      }),
    ),
  ),
);

/** What can be done with a route. */
export type RouteVerb = 'use' | 'pause' | 'resume';

/** Changes a route, and reads all of them anew: one change may move others. */
export function useRouteChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ verb, subnetId }: { verb: RouteVerb; subnetId: string }) => {
      const params = { path: { subnetId } };
      if (verb === 'use') return bodyOf(api.POST('/api/v1/routes/{subnetId}/use', { params }));
      if (verb === 'pause') return bodyOf(api.POST('/api/v1/routes/{subnetId}/pause', { params }));
      return bodyOf(api.POST('/api/v1/routes/{subnetId}/resume', { params }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['routes'] }),
  });
}
