import { type PortfolioRow, listPortfolios } from '../../store/portfolios.ts';
import { readOrganization } from '../../store/organizations.ts';
import { idParams, nothing, pageOf, pageQuery } from '../../wire/rest/common.ts';
import { type PortfolioJson, portfolioInput, portfolioSchema } from '../../wire/rest/portfolios.ts';
import { changePortfolio, createPortfolio, removePortfolio } from '../app/manage-portfolios.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import { found } from '../refuse.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

/** Portfolios (ACC-1). */
export function portfolioRoutes(app: App, deps: Deps): void {
  const tags = ['Portfolios'];
  app.get(
    '/organizations/:id/portfolios',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listPortfolios',
        summary: 'The portfolios of an organization; for Members and Guests those they have a role in',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(portfolioSchema) },
      },
    },
    async ({ actor, params, query }) => {
      found(await readOrganization(deps.db, actor, params.id), 'organization');
      return paged(
        query,
        (window) => listPortfolios(deps.db, actor.userId, params.id, window),
        (row) => [row.name, row.id],
        show,
      );
    },
  );
  app.post(
    '/organizations/:id/portfolios',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'createPortfolio',
        summary: 'Create a portfolio',
        tags,
        params: idParams,
        body: portfolioInput,
        response: { 201: portfolioSchema },
      },
    },
    async ({ actor, params, body }, reply) =>
      reply.code(201).send(show(await createPortfolio(deps, actor, params.id, body))),
  );
  app.patch(
    '/portfolios/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'renamePortfolio',
        summary: 'Rename a portfolio',
        tags,
        params: idParams,
        body: portfolioInput,
        response: { 200: portfolioSchema },
      },
    },
    async ({ actor, params, body }) => show(await changePortfolio(deps, actor, params.id, body)),
  );
  app.delete(
    '/portfolios/:id',
    {
      config: { access: 'manage' },
      schema: {
        operationId: 'deletePortfolio',
        summary: 'Delete a portfolio with its plants',
        tags,
        params: idParams,
        response: { 204: nothing },
      },
    },
    async ({ actor, params }, reply) => {
      const { revision } = await removePortfolio(deps, actor, params.id);
      answerRevision(reply, revision);
      return reply.code(204).send(null);
    },
  );
}

function show({ id, organizationId, name, createdAt }: Omit<PortfolioRow, 'organizationRole'>): PortfolioJson {
  return { id, organizationId, name, createdAt: createdAt.toISOString() };
}
