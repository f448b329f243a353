import { readConfirmation } from '../../store/revisions.ts';
import { revisionParams, revisionSchema } from '../../wire/rest/revisions.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';

/** Whether a change has arrived where it is enforced. */
export function revisionRoutes(app: App, deps: Deps): void {
  app.get(
    '/revisions/:revision',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'getRevision',
        summary: 'Who holds a revision in its kernel, and who does not yet',
        tags: ['Revisions'],
        params: revisionParams,
        response: { 200: revisionSchema },
      },
    },
    async ({ actor, params }) => {
      const { gateways, agents, ...rest } = found(
        await readConfirmation(deps.db, actor.userId, params.revision),
        'revision',
      );
      return { ...rest, gateways: [...gateways], agents: [...agents] };
    },
  );
}
