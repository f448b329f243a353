import swagger from '@fastify/swagger';
import type { RouteOptions } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { problemSchema } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import { SESSION_COOKIE } from './session-cookie.ts';
import { idempotencyHeaders } from './idempotency.ts';
import type { App, RouteEntry } from './app.ts';

/** Collects every route into the OpenAPI 3.1 document that `/api/v1/openapi.json` answers. */
export async function describeApi(app: App, deps: Deps): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parkway',
        version: '1',
        description:
          'Errors are problem details (RFC 9457) with a stable `code`. Every POST takes an `Idempotency-Key`: the same ' +
          'request with the same key is carried out once. A change that gateways and agents have to follow answers with ' +
          '`Parkway-Revision`; `GET /revisions/{revision}` says who holds it.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: deps.publicUrl }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A session token (`pws_…`) or an API token (`pwt_…`)',
          },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: 'The session of a browser. What changes something needs the header `X-Parkway: 1` too',
          },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
  app.get(
    '/api/v1/openapi.json',
    { config: { access: 'public' }, schema: { operationId: 'getOpenApi', summary: 'This document', hide: true } },
    (_request, reply) => reply.send(app.swagger()),
  );
}

/** Completes what a route says of itself; a route that leaves out who may call it, its id or its summary does not start. */
export function describeRoute({ schema, config, method, url }: RouteOptions): RouteEntry[] {
  if (schema?.operationId === undefined || schema.summary === undefined || config?.access === undefined) {
    throw new Error(`${String(method)} ${url} needs config.access, schema.operationId and schema.summary`);
  }
  schema.response = { ...answersOf(schema.response), default: REFUSED };
  if (config.access === 'public') schema.security = [];
  else if (method === 'POST') schema.headers = idempotencyHeaders;
  const { access } = config;
  return [method].flat().map((one) => ({ method: one, url, access }));
}

const REFUSED = {
  description: 'Refused, and nothing was changed',
  content: { 'application/problem+json': { schema: problemSchema } },
};

function answersOf(response: unknown): object {
  return typeof response === 'object' && response !== null ? response : {};
}

/** The transform adds an input and an output form of every named schema; only what is referred to stays. */
function withoutUnused(document: ReturnType<typeof jsonSchemaTransformObject>): typeof document {
  if (!('components' in document) || document.components === undefined || !('schemas' in document.components))
    return document;
  const text = JSON.stringify(document);
  const used = Object.entries(document.components.schemas ?? {}).filter(([id]) =>
    text.includes(`"#/components/schemas/${id}"`),
  );
  document.components.schemas = Object.fromEntries(used);
  return document;
}
