import { findUser, membershipsOf } from '../../store/users.ts';
import { nothing, idParams } from '../../wire/rest/common.ts';
import { meSchema } from '../../wire/rest/sessions.ts';
import { removeUser } from '../app/remove-user.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** One's own account. */
export function meRoutes(app: App, deps: Deps): void {
  app.get(
    '/me',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'getMe',
        summary: 'Who you are signed in as',
        tags: ['Account'],
        response: { 200: meSchema },
      },
    },
    async ({ actor: { userId, platformAdministrator, scopes } }) => ({
      user: found(await findUser(deps.db, userId), 'user'),
      platformAdministrator,
      memberships: await membershipsOf(deps.db, userId),
      scopes: scopes === 'all' ? null : [...scopes],
    }),
  );
  app.delete(
    '/users/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'deleteUser',
        summary: 'Delete your account, or, as platform administrator, anybody’s; all access ends at once',
        tags: ['Account'],
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removeUser(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}
