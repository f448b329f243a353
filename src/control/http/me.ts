import { readSecondFactor } from '../../store/second-factors.ts';
import { findUser, membershipsOf, mergePreferences, passwordHashOf, renameUser } from '../../store/users.ts';
import { nothing, idParams } from '../../wire/rest/common.ts';
import { mePatch, meSchema, preferencesPatch, preferencesSchema, userSchema } from '../../wire/rest/sessions.ts';
import { preferencesOf, secondFactorOf, viaOf } from '../app/describe-me.ts';
import { removeUser } from '../app/remove-user.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

const tags = ['Account'];

/** One's own account. */
export function meRoutes(app: App, deps: Deps): void {
  app.get(
    '/me',
    {
      config: { access: 'anyone' },
      schema: { operationId: 'getMe', summary: 'Who you are signed in as', tags, response: { 200: meSchema } },
    },
    async ({ actor }) => {
      const { userId, platformAdministrator, scopes } = actor;
      const memberships = await membershipsOf(deps.db, userId);
      const isOn = (await readSecondFactor(deps.db, userId)) !== undefined;
      return {
        user: found(await findUser(deps.db, userId), 'user'),
        platformAdministrator,
        memberships,
        hasPassword: (await passwordHashOf(deps.db, userId)) !== null,
        secondFactor: secondFactorOf(actor, memberships, isOn),
        via: viaOf(actor),
        preferences: await preferencesOf(deps, userId),
        scopes: scopes === 'all' ? null : [...scopes],
      };
    },
  );
  app.patch(
    '/me',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeMe',
        summary: 'Change what you are called',
        tags,
        body: mePatch,
        response: { 200: userSchema },
      },
    },
    async ({ actor: { userId }, body }) => {
      await renameUser(deps.db, userId, body.name);
      return found(await findUser(deps.db, userId), 'user');
    },
  );
  app.patch(
    '/me/preferences',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changePreferences',
        summary: 'Choose language, theme, time zone, density',
        tags,
        body: preferencesPatch,
        response: { 200: preferencesSchema },
      },
    },
    async ({ actor: { userId }, body }) => {
      await mergePreferences(deps.db, userId, body);
      return preferencesOf(deps, userId);
    },
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
