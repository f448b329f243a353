import { z } from 'zod';
import { listCorrections } from '../../store/corrections.ts';
import { verify } from '../../store/derive.ts';
import { listLimitHits } from '../../store/limit-hits.ts';
import { listOrganizations } from '../../store/organizations.ts';
import { listSlots } from '../../store/slots.ts';
import { pageOf, pageQuery } from '../../wire/rest/common.ts';
import { organizationSchema } from '../../wire/rest/organizations.ts';
import {
  correctionSchema,
  limitHitSchema,
  slotInput,
  slotSchema,
  verificationSchema,
} from '../../wire/rest/platform.ts';
import { addSlot, showSlot } from '../app/add-slot.ts';
import type { Deps } from '../deps.ts';
import { paged } from '../page.ts';
import type { App } from './app.ts';
import { answerRevision } from './idempotency.ts';

const config = { access: 'platform' } as const;
const tags = ['Platform'];

/** Running the installation (ACC-7): entry points, and what was found wrong. Gateways have a file of their own. */
export function platformRoutes(app: App, deps: Deps): void {
  slotRoutes(app, deps);
  findingRoutes(app, deps);
  app.get(
    '/platform/organizations',
    {
      config,
      schema: {
        operationId: 'listAllOrganizations',
        summary: 'All organizations of the installation',
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
        (row) => ({ ...row, createdAt: row.createdAt.toISOString() }),
      ),
  );
}

function slotRoutes(app: App, deps: Deps): void {
  app.get(
    '/platform/slots',
    {
      config,
      schema: {
        operationId: 'listSlots',
        summary: 'The entry points; there are few, so they come on one page',
        tags,
        response: { 200: pageOf(slotSchema) },
      },
    },
    async () => ({ items: (await listSlots(deps.db)).map(showSlot), next: null }),
  );
  app.post(
    '/platform/slots',
    {
      config,
      schema: {
        operationId: 'createSlot',
        summary: 'Add an entry point: an anycast address and port that every gateway serves',
        tags,
        body: slotInput,
        response: { 201: slotSchema },
      },
    },
    async ({ body }, reply) => {
      const { revision, value } = await addSlot(deps, body);
      answerRevision(reply, revision);
      return reply.code(201).send(value);
    },
  );
}

function findingRoutes(app: App, deps: Deps): void {
  app.get(
    '/platform/corrections',
    {
      config,
      schema: {
        operationId: 'listCorrections',
        summary: 'What verification and daemons found wrong and put right, the latest first',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(correctionSchema) },
      },
    },
    async ({ query }) =>
      paged(
        query,
        (window) => listCorrections(deps.db, window),
        (row) => ['', row.id],
        (row) => ({ ...row, at: row.at.toISOString() }),
      ),
  );
  app.get(
    '/platform/limit-hits',
    {
      config,
      schema: {
        operationId: 'listLimitHits',
        summary: 'Users who met a limit at a gateway, the latest first',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(limitHitSchema) },
      },
    },
    async ({ query }) =>
      paged(
        query,
        (window) => listLimitHits(deps.db, window),
        (row) => row.key,
        ({ key: _key, ...row }) => ({ ...row, at: row.at.toISOString() }),
      ),
  );
  app.post(
    '/platform/verify',
    {
      config,
      schema: {
        operationId: 'verify',
        summary: 'Recompute all access from scratch and correct what differs',
        tags,
        body: z.object({}).nullish(),
        response: { 200: verificationSchema },
      },
    },
    async (_request, reply) => {
      const { revision = null, ...counts } = await verify(deps.db);
      if (revision !== null) answerRevision(reply, revision);
      return reply.send({ ...counts, revision });
    },
  );
}
