import { memberAccessSchema, ownAccessSchema, plantAccessSchema } from '../../wire/rest/access.ts';
import { idParams, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { memberParams } from '../../wire/rest/members.ts';
import { explainMember, explainOwn, explainPlant } from '../app/explain-access.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

/** Who may reach what, and why (ACC-6). */
export function accessRoutes(app: App, deps: Deps): void {
  const config = { access: 'read' } as const;
  const tags = ['Access'];
  app.get(
    '/plants/:id/access',
    {
      config,
      schema: {
        operationId: 'listPlantAccess',
        summary: 'Everybody who has a role on a plant, with every source of it',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(plantAccessSchema) },
      },
    },
    async ({ actor, params, query }) => explainPlant(deps, actor, params.id, query),
  );
  app.get(
    '/plants/:id/access/me',
    {
      config,
      schema: {
        operationId: 'getOwnAccess',
        summary: 'Your role on a plant, with every source of it',
        tags,
        params: idParams,
        response: { 200: ownAccessSchema },
      },
    },
    async ({ actor, params }) => explainOwn(deps, actor, params.id),
  );
  app.get(
    '/organizations/:id/members/:userId/access',
    {
      config,
      schema: {
        operationId: 'listMemberAccess',
        summary: 'What a member has a role on by this organization, with every source of it',
        tags,
        params: memberParams,
        querystring: pageQuery,
        response: { 200: pageOf(memberAccessSchema) },
      },
    },
    async ({ actor, params, query }) => explainMember(deps, actor, params.id, params.userId, query),
  );
}
