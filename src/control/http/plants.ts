import { type PlantRow, listPlants, readPlant } from '../../store/plants.ts';
import { idParams, nothing, pageOf } from '../../wire/rest/common.ts';
import { type PlantJson, plantInput, plantPatch, plantQuery, plantSchema } from '../../wire/rest/plants.ts';
import { changePlant, createPlant, removePlant } from '../app/manage-plants.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Plants (ACC-1). */
export function plantRoutes(app: App, deps: Deps): void {
  const tags = ['Plants'];
  const now = () => new Date(deps.clock.now());
  app.get(
    '/plants',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listPlants',
        summary: 'The plants that you have a role on',
        tags,
        querystring: plantQuery,
        response: { 200: pageOf(plantSchema) },
      },
    },
    async ({ actor, query }) =>
      paged(
        query,
        (window) => listPlants(deps.db, actor.userId, window, now(), query),
        (row) => [row.name, row.id],
        show,
      ),
  );
  app.post(
    '/portfolios/:id/plants',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'createPlant',
        summary: 'Create a plant in a portfolio',
        tags,
        params: idParams,
        body: plantInput,
        response: { 201: plantSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await createPlant(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.code(201).send(show(value));
    },
  );
  app.get(
    '/plants/:id',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getPlant',
        summary: 'One plant',
        tags,
        params: idParams,
        response: { 200: plantSchema },
      },
    },
    async ({ actor, params }) => show(found(await readPlant(deps.db, actor.userId, params.id, now()), 'plant')),
  );
  app.patch(
    '/plants/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changePlant',
        summary: 'Rename a plant, or move it to another portfolio of its organization',
        tags,
        params: idParams,
        body: plantPatch,
        response: { 200: plantSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await changePlant(deps, actor, params.id, body);
      answerRevision(reply, revision);
      return reply.send(show(value));
    },
  );
  app.delete(
    '/plants/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'deletePlant',
        summary: 'Delete a plant with all it has',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removePlant(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show(row: PlantRow): PlantJson {
  const { id, name, role, agent, createdAt } = row;
  return {
    id,
    name,
    organization: { id: row.organizationId, name: row.organizationName },
    portfolio: { id: row.portfolioId, name: row.portfolioName },
    role,
    agent,
    agentSeenAt: row.agentSeenAt?.toISOString() ?? null,
    subnets: row.subnets,
    devices: row.devices,
    createdAt: createdAt.toISOString(),
  };
}
