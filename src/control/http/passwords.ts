import { idParams, nothing } from '../../wire/rest/common.ts';
import { memberParams } from '../../wire/rest/members.ts';
import { passwordInput, resetInput, resetLinkSchema, resetRequestInput } from '../../wire/rest/passwords.ts';
import { makeMemberReset, resetMemberFactor, resetUserFactor } from '../app/help-member.ts';
import { acceptReset, changePassword, requestReset } from '../app/passwords.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';
import { clientOf } from './sessions.ts';

/** Passwords, and help for who is locked out (USR-1, USR-4). */
export function passwordRoutes(app: App, deps: Deps): void {
  ownRoutes(app, deps);
  helpRoutes(app, deps);
}

function ownRoutes(app: App, deps: Deps): void {
  const tags = ['Account'];
  app.post(
    '/me/password',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changePassword',
        summary: 'Change your password; all your other sessions end',
        tags,
        body: passwordInput,
        response: { 204: nothing },
      },
    },
    async ({ actor, body }, reply) => {
      await changePassword(deps, actor, body);
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/password-resets',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'requestPasswordReset',
        summary: 'Ask for a link to a new password by mail; the answer is the same for every address',
        tags,
        body: resetRequestInput,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      requestReset(deps, request.body.email, clientOf(request));
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/password-resets/accept',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'acceptPasswordReset',
        summary: 'Set a new password by a link; sign in with it afterwards',
        tags,
        body: resetInput,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await acceptReset(deps, request.body, clientOf(request));
      return reply.code(204).send(null);
    },
  );
}

function helpRoutes(app: App, deps: Deps): void {
  const tags = ['Members'];
  app.post(
    '/organizations/:id/members/:userId/password-reset',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'makeMemberPasswordReset',
        summary: 'Make a link to a new password for a member: mailed, or shown once where there is no mail server',
        tags,
        params: memberParams,
        response: { 201: resetLinkSchema },
      },
    },
    async ({ actor, params }, reply) =>
      reply.code(201).send(await makeMemberReset(deps, actor, params.id, params.userId)),
  );
  app.delete(
    '/organizations/:id/members/:userId/second-factor',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'resetMemberSecondFactor',
        summary: 'Take a member’s second factor away; all the member’s sessions end, and both are told',
        tags,
        params: memberParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      await resetMemberFactor(deps, actor, params.id, params.userId);
      return reply.code(204).send(null);
    },
  );
  app.delete(
    '/platform/users/:id/second-factor',
    {
      config: { access: 'platform' },
      schema: {
        operationId: 'resetUserSecondFactor',
        summary: 'Take anybody’s second factor away; all their sessions end, and both are told',
        tags: ['Platform'],
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      await resetUserFactor(deps, actor, params.id);
      return reply.code(204).send(null);
    },
  );
}
