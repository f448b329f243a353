import type { FastifyRequest } from 'fastify';
import { type SessionRow, deleteOtherSessions, deleteSession, idleUntil, listSessions } from '../../store/sessions.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import {
  type SessionJson,
  challengeInput,
  challengeSchema,
  openedSessionSchema,
  sessionSchema,
  signInInput,
} from '../../wire/rest/sessions.ts';
import type { Client } from '../app/open-session.ts';
import { sessionOf } from '../app/prove.ts';
import { passChallenge, signIn } from '../app/sign-in.ts';
import type { Deps } from '../deps.ts';
import { deviceIn } from '../device.ts';
import { paged } from '../page.ts';
import { notAllowed, notFound } from '../refuse.ts';
import type { App } from './app.ts';
import { sourceOf } from './authenticate.ts';
import { demandOwnPages, deviceOf, handOver, takeBack } from './session-cookie.ts';

const tags = ['Sessions'];

/** Signing in and out, and one's sessions. */
export function sessionRoutes(app: App, deps: Deps): void {
  signInRoutes(app, deps);
  app.get(
    '/sessions',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listSessions',
        summary: 'Your sessions, the latest first',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(sessionSchema) },
      },
    },
    async ({ actor, query }) =>
      paged(
        query,
        (window) => listSessions(deps.db, actor.userId, new Date(deps.clock.now()), window),
        (row) => [row.key, row.id],
        (row) => show(deps, row, actor.via.id),
      ),
  );
  app.delete(
    '/sessions/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'endSession',
        summary: 'End one of your sessions',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      if (!(await deleteSession(deps.db, actor.userId, params.id))) throw notFound('session');
      return reply.code(204).send(null);
    },
  );
  app.delete(
    '/sessions',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'endOtherSessions',
        summary: 'End all your sessions but this one',
        tags,
        response: { 204: nothing },
      },
    },
    async ({ actor }, reply) => {
      await deleteOtherSessions(deps.db, actor.userId, sessionOf(actor).id);
      return reply.code(204).send(null);
    },
  );
}

function signInRoutes(app: App, deps: Deps): void {
  app.post(
    '/sessions',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with address and password; a browser asks for a cookie',
        description: 'Answers 202 with a challenge when a code of the second factor is due.',
        tags,
        body: signInInput,
        response: { 201: openedSessionSchema, 202: challengeSchema },
      },
    },
    async (request, reply) => {
      if (request.body.cookie) demandOwnPages(deps, request);
      const admitted = await signIn(deps, request.body, clientOf(request));
      if ('challenge' in admitted) return reply.code(202).header('cache-control', 'no-store').send(admitted);
      return reply.code(201).send(handOver(reply, admitted));
    },
  );
  app.post(
    '/sessions/challenge',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'passChallenge',
        summary: 'Finish signing in with a code, or with the recovery code, which turns the second factor off',
        tags,
        body: challengeInput,
        response: { 201: openedSessionSchema },
      },
    },
    async (request, reply) => {
      if (request.body.cookie) demandOwnPages(deps, request);
      return reply.code(201).send(handOver(reply, await passChallenge(deps, request.body, clientOf(request))));
    },
  );
  app.delete(
    '/sessions/current',
    {
      config: { access: 'anyone' },
      schema: { operationId: 'signOut', summary: 'End this session', tags, response: { 204: nothing } },
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
  const userAgent = (request.headers['user-agent'] ?? '').slice(0, 200);
  return { source: sourceOf(request), userAgent, device: deviceOf(request) };
}

function show({ places }: Deps, row: SessionRow, current: string): SessionJson {
  return {
    id: row.id,
    current: row.id === current,
    browser: row.cookie,
    device: deviceIn(row.userAgent),
    source: row.source,
    place: row.source === null ? null : (places?.(row.source) ?? null),
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    expiresAt: idleUntil(row.cookie, row.lastUsedAt, row.expiresAt).toISOString(),
  };
}
