import type { FastifyRequest } from 'fastify';
import { deleteSession } from '../../store/sessions.ts';
import { nothing } from '../../wire/rest/common.ts';
import { openedSessionSchema, signInInput } from '../../wire/rest/sessions.ts';
import type { Client } from '../app/open-session.ts';
import { newAttempts, signIn } from '../app/sign-in.ts';
import type { Deps } from '../deps.ts';
import { notAllowed } from '../refuse.ts';
import type { App } from './app.ts';
import { sourceOf } from './authenticate.ts';
import { demandOwnPages, handOver, takeBack } from './session-cookie.ts';

/** Signing in and out. */
export function sessionRoutes(app: App, deps: Deps): void {
  const attempts = newAttempts(deps);
  app.post(
    '/sessions',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with address and password; a browser asks for a cookie',
        tags: ['Sessions'],
        body: signInInput,
        response: { 201: openedSessionSchema },
      },
    },
    async (request, reply) => {
      if (request.body.cookie) demandOwnPages(deps, request);
      const opened = await signIn(deps, attempts, request.body, clientOf(request));
      return reply.code(201).send(handOver(reply, opened));
    },
  );
  app.delete(
    '/sessions/current',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'signOut',
        summary: 'End this session',
        tags: ['Sessions'],
        response: { 204: nothing },
      },
    },
    async ({ actor }, reply) => {
      if (actor.via.kind !== 'session') throw notAllowed('An API token is withdrawn with DELETE /tokens/{id}.');
      await deleteSession(deps.db, actor.userId, actor.via.id);
      takeBack(reply);
      return reply.code(204).send(null);
    },
  );
}

/** What a session remembers of the request that opened it. */
export function clientOf(request: FastifyRequest): Client {
  return { source: sourceOf(request), userAgent: (request.headers['user-agent'] ?? '').slice(0, 200) };
}
