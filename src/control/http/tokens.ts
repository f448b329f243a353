import { type TokenRow, deleteToken, listTokens } from '../../store/tokens.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type TokenJson, newTokenSchema, tokenInput, tokenSchema } from '../../wire/rest/tokens.ts';
import { makeToken } from '../app/make-token.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { notFound } from '../refuse.ts';
import type { App } from './app.ts';

/** A person's own API tokens (ACC-8). */
export function tokenRoutes(app: App, deps: Deps): void {
  app.get(
    '/tokens',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listTokens',
        summary: 'Your API tokens',
        tags: ['Tokens'],
        querystring: pageQuery,
        response: { 200: pageOf(tokenSchema) },
      },
    },
    async ({ actor, query }) =>
      paged(
        query,
        (window) => listTokens(deps.db, actor.userId, window),
        (row) => [row.name, row.id],
        show,
      ),
  );
  app.post(
    '/tokens',
    {
      config: { access: 'manage', showsSecret: true },
      schema: {
        operationId: 'createToken',
        summary: 'Make an API token; its secret is shown once',
        tags: ['Tokens'],
        body: tokenInput,
        response: { 201: newTokenSchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { secret, ...row } = await makeToken(deps, actor, body);
      return reply.code(201).send({ ...show(row), token: secret });
    },
  );
  app.delete(
    '/tokens/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'deleteToken',
        summary: 'Withdraw an API token and all that was made with it',
        tags: ['Tokens'],
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      if (!(await deleteToken(deps.db, actor.userId, params.id))) throw notFound('token');
      return reply.code(204).send(null);
    },
  );
}

function show(row: TokenRow): TokenJson {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
