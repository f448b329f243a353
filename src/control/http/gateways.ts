import { insertRegion, listGateways, listRegions } from '../../store/gateways.ts';
import { enrollmentTokenSchema } from '../../wire/rest/agents.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { gatewayInput, gatewaySchema, newGatewaySchema, regionInput, regionSchema } from '../../wire/rest/platform.ts';
import { addGateway, inviteGateway, removeGateway, showGateway } from '../app/manage-gateways.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

const config = { access: 'platform' } as const;
const tags = ['Platform'];

/** Regions and the gateways in them (ACC-7). */
export function gatewayRoutes(app: App, deps: Deps): void {
  regionRoutes(app, deps);
  app.get(
    '/platform/gateways',
    {
      config,
      schema: {
        operationId: 'listGateways',
        summary: 'The gateways and how they fare',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(gatewaySchema) },
      },
    },
    async ({ query }) =>
      paged(
        query,
        (window) => listGateways(deps.db, window),
        (row) => [row.name, row.id],
        showGateway,
      ),
  );
  app.post(
    '/platform/gateways',
    {
      config: { ...config, showsSecret: true },
      schema: {
        operationId: 'createGateway',
        summary: 'Add a gateway; the token with which it enrols is shown once',
        tags,
        body: gatewayInput,
        response: { 201: newGatewaySchema },
      },
    },
    async ({ actor, body }, reply) => {
      const { revision, value } = await addGateway(deps, actor, body);
      answerRevision(reply, revision);
      return reply.code(201).send(value);
    },
  );
  app.delete(
    '/platform/gateways/:id',
    {
      config,
      schema: {
        operationId: 'deleteGateway',
        summary: 'Remove a gateway; its keys are refused from then on',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ params }, reply) => {
      answerRevision(reply, (await removeGateway(deps, params.id)).revision);
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/platform/gateways/:id/enrollment-tokens',
    {
      config: { ...config, showsSecret: true },
      schema: {
        operationId: 'createGatewayEnrollmentToken',
        summary: 'Make the single-use token with which a gateway enrols anew',
        tags,
        params: idParams,
        response: { 201: enrollmentTokenSchema.omit({ command: true }) },
      },
    },
    async ({ actor, params }, reply) => reply.code(201).send(await inviteGateway(deps, actor, params.id)),
  );
}

function regionRoutes(app: App, deps: Deps): void {
  app.get(
    '/platform/regions',
    {
      config,
      schema: {
        operationId: 'listRegions',
        summary: 'The regions',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(regionSchema) },
      },
    },
    async ({ query }) =>
      paged(
        query,
        (window) => listRegions(deps.db, window),
        (row) => [row.name, row.id],
        (row) => ({ ...row }),
      ),
  );
  app.post(
    '/platform/regions',
    {
      config,
      schema: {
        operationId: 'createRegion',
        summary: 'Add a region',
        tags,
        body: regionInput,
        response: { 201: regionSchema },
      },
    },
    async ({ body }, reply) => reply.code(201).send(await insertRegion(deps.db, body.name)),
  );
}
