import { type CooperationRow, listCooperations } from '../../store/cooperations.ts';
import { idParams, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type CooperationJson, cooperationInput, cooperationSchema } from '../../wire/rest/cooperations.ts';
import { inviteCooperation, readableCooperation, stepCooperation } from '../app/manage-cooperations.ts';
import { inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

const tags = ['Cooperations'];

/** Cooperations between two organizations (ACC-5). */
export function cooperationRoutes(app: App, deps: Deps): void {
  app.get(
    '/organizations/:id/cooperations',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listCooperations',
        summary: 'The cooperations of an organization, as owner and as partner',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(cooperationSchema) },
      },
    },
    async ({ actor, params, query }) => {
      // Who manages members sees with whom the organization works; only Administrators change it.
      await inOrganization(deps.db, actor, params.id, 'manage-members');
      return paged(
        query,
        (window) => listCooperations(deps.db, actor.userId, params.id, window),
        (row) => [row.ownerName, row.id],
        show,
      );
    },
  );
  app.post(
    '/organizations/:id/cooperations',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'inviteCooperation',
        summary: 'Invite another organization, by id or exact name, to receive plants of this one',
        tags,
        params: idParams,
        body: cooperationInput,
        response: { 201: cooperationSchema },
      },
    },
    async ({ actor, params, body }, reply) =>
      reply.code(201).send(show(await inviteCooperation(deps, actor, params.id, body))),
  );
  app.get(
    '/cooperations/:id',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getCooperation',
        summary: 'One cooperation',
        tags,
        params: idParams,
        response: { 200: cooperationSchema },
      },
    },
    async ({ actor, params }) => show(await readableCooperation(deps.db, actor, params.id)),
  );
  stepRoutes(app, deps);
}

/** The steps of a cooperation's life, one path each. */
function stepRoutes(app: App, deps: Deps): void {
  const steps = [
    { step: 'accept', summary: 'Accept a cooperation, as Administrator of the partner' },
    { step: 'pause', summary: 'Pause a cooperation, as Administrator of the owner' },
    { step: 'resume', summary: 'Resume a paused cooperation, as Administrator of the owner' },
    { step: 'end', summary: 'End, decline or leave a cooperation, as Administrator of either side' },
  ] as const;
  for (const { step, summary } of steps) {
    app.post(
      `/cooperations/:id/${step}`,
      {
        config: { access: 'manage' },
        schema: {
          operationId: `${step}Cooperation`,
          summary,
          tags,
          params: idParams,
          response: { 200: cooperationSchema },
        },
      },
      async ({ actor, params }, reply) => {
        const { revision, value } = await stepCooperation(deps, actor, params.id, step);
        answerRevision(reply, revision);
        return reply.send(show(value));
      },
    );
  }
}

function show(row: CooperationRow): CooperationJson {
  return {
    id: row.id,
    owner: { id: row.ownerId, name: row.ownerName },
    partner: { id: row.partnerId, name: row.partnerName },
    status: row.status,
    statusSince: row.statusSince.toISOString(),
    createdAt: row.createdAt.toISOString(),
  };
}
