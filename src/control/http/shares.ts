import { type ShareRow, listShares } from '../../store/shares.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type ShareJson, shareInput, sharePatch, shareSchema } from '../../wire/rest/cooperations.ts';
import { readableCooperation } from '../app/manage-cooperations.ts';
import { changeCap, shareTarget, withdrawShare } from '../app/manage-shares.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** What is shared into a cooperation (ACC-5). */
export function shareRoutes(app: App, deps: Deps): void {
  const tags = ['Cooperations'];
  app.get(
    '/cooperations/:id/shares',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listShares',
        summary: 'What is shared in a cooperation',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(shareSchema) },
      },
    },
    async ({ actor, params, query }) => {
      await readableCooperation(deps.db, actor, params.id);
      return paged(
        query,
        (window) => listShares(deps.db, actor.userId, params.id, window),
        (row) => [row.name, row.id],
        show,
      );
    },
  );
  app.post(
    '/cooperations/:id/shares',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'share',
        summary: 'Share a plant or portfolio up to a role, as Administrator of the owner',
        tags,
        params: idParams,
        body: shareInput,
        response: { 201: shareSchema },
      },
    },
    async ({ actor, params, body }, reply) =>
      reply.code(201).send(show(await shareTarget(deps, actor, params.id, body))),
  );
  app.patch(
    '/shares/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'changeCap',
        summary: 'Raise or lower the cap of a share',
        tags,
        params: idParams,
        body: sharePatch,
        response: { 200: shareSchema },
      },
    },
    async ({ actor, params, body }, reply) => {
      const { revision, value } = await changeCap(deps, actor, params.id, body.cap);
      answerRevision(reply, revision);
      return reply.send(show(value));
    },
  );
  app.delete(
    '/shares/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'withdrawShare',
        summary: 'Take a share back, with its assignments',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await withdrawShare(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show({ id, cooperationId, plantId, portfolioId, name, cap, createdAt }: ShareRow): ShareJson {
  return {
    id,
    cooperationId,
    plant: plantId === null ? null : { id: plantId, name },
    portfolio: portfolioId === null ? null : { id: portfolioId, name },
    cap,
    createdAt: createdAt.toISOString(),
  };
}
