import { type GrantRow, listGrants } from '../../store/grants.ts';
import { readOrganization } from '../../store/organizations.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type GrantJson, grantInput, grantSchema, rolePatch } from '../../wire/rest/grants.ts';
import { changeGrant, grantRole, withdrawGrant } from '../app/manage-grants.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Grants of job roles (ACC-3). */
export function grantRoutes(app: App, deps: Deps): void {
  const tags = ['Grants'];
  app.get(
    '/organizations/:id/grants',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listGrants',
        summary: 'The grants of an organization; for Members and Guests their own',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(grantSchema) },
      },
    },
    async ({ actor, params, query }) => {
      found(await readOrganization(deps.db, actor, params.id), 'organization');
      return paged(
        query,
        (window) => listGrants(deps.db, actor.userId, params.id, window),
        (row) => [row.userName, row.id],
        show,
      );
    },
  );
  app.post(
    '/organizations/:id/grants',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'grantRole',
        summary: 'Grant a member a job role on a plant or portfolio',
        tags,
        params: idParams,
        body: grantInput,
        response: { 201: grantSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await grantRole(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.code(201).send(show(value));
    },
  );
  app.patch(
    '/grants/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeGrant',
        summary: 'Give a grant another role',
        tags,
        params: idParams,
        body: rolePatch,
        response: { 200: grantSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await changeGrant(deps, actor, params.id, body.role);
      answerRevision(reply, revision);
      return reply.send(show(value));
    },
  );
  app.delete(
    '/grants/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'withdrawGrant',
        summary: 'Withdraw a grant',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await withdrawGrant(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show(row: GrantRow): GrantJson {
  const { id, organizationId, plantId, portfolioId, name, role, createdAt } = row;
  return {
    id,
    organizationId,
    user: { id: row.userId, name: row.userName, email: row.userEmail },
    plant: plantId === null ? null : { id: plantId, name },
    portfolio: portfolioId === null ? null : { id: portfolioId, name },
    role,
    createdAt: createdAt.toISOString(),
  };
}
