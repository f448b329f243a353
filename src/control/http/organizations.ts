import { type OrganizationRow, listOrganizations, readOrganization } from '../../store/organizations.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import {
  type OrganizationJson,
  newOrganizationSchema,
  organizationInput,
  organizationPatch,
  organizationSchema,
} from '../../wire/rest/organizations.ts';
import { changeOrganization, createOrganization, removeOrganization } from '../app/manage-organizations.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Organizations (ACC-1, ACC-7). */
export function organizationRoutes(app: App, deps: Deps): void {
  const tags = ['Organizations'];
  app.get(
    '/organizations',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listOrganizations',
        summary: 'The organizations you are a member of; all of them for a platform administrator',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(organizationSchema) },
      },
    },
    async ({ actor, query }) =>
      paged(
        query,
        (window) => listOrganizations(deps.db, actor, window),
        (row) => [row.name, row.id],
        show,
      ),
  );
  app.post(
    '/organizations',
    {
      config: { access: 'platform', showsSecret: true },
      schema: {
        operationId: 'createOrganization',
        summary: 'Create an organization and invite its first Administrator',
        tags,
        body: organizationInput,
        response: { 201: newOrganizationSchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { revision, value } = await createOrganization(deps, actor, body);
      const { userId, ...invitation } = value.administrator;
      answerRevision(reply, revision);
      return reply.code(201).send({ ...show(value.organization), administratorId: userId, ...invitation });
    },
  );
  app.get(
    '/organizations/:id',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getOrganization',
        summary: 'One organization',
        tags,
        params: idParams,
        response: { 200: organizationSchema },
      },
    },
    async ({ actor, params }) => show(found(await readOrganization(deps.db, actor, params.id), 'organization')),
  );
  app.patch(
    '/organizations/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'renameOrganization',
        summary: 'Rename an organization',
        tags,
        params: idParams,
        body: organizationPatch,
        response: { 200: organizationSchema },
      },
    },
    async ({ actor, params, body }) => show(await changeOrganization(deps, actor, params.id, body)),
  );
  app.delete(
    '/organizations/:id',
    {
      config: { access: 'platform' },
      schema: {
        operationId: 'deleteOrganization',
        summary: 'Delete an organization with all it owns',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removeOrganization(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show(row: OrganizationRow): OrganizationJson {
  return { ...row, createdAt: row.createdAt.toISOString() };
}
