import { expect, test } from 'vitest';
import { z } from 'zod';
import { testControl } from '../../../test/control/app.ts';

const operation = z.object({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  summary: z.string().min(5),
  tags: z.array(z.string()).length(1),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']) })).default([]),
  responses: z.record(
    z.string(),
    z.object({ description: z.string(), content: z.record(z.string(), z.unknown()).optional() }),
  ),
  security: z.array(z.unknown()).optional(),
});

const document = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

async function read() {
  await using control = await testControl();
  const { json, text } = await control.call(undefined, 'GET', '/openapi.json');
  const operations = Object.entries(document.parse(json).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method, ...one })),
  );
  return { text, operations, schemas: document.parse(json).components.schemas, routes: control.app.routeTable };
}

test('the OpenAPI document describes every route, each by a name of its own', async () => {
  const { operations, routes } = await read();
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const expected = routes.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(expected.filter((route) => !described.includes(route))).toEqual(['GET /api/v1/openapi.json']);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test('every operation answers problems, and declares the parameters of its path', async () => {
  const { operations } = await read();
  for (const { path, parameters, responses } of operations) {
    expect(responses['default']?.content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
    // 3xx: what a browser walks through.
    expect(Object.keys(responses).some((status) => /^[23]/.test(status))).toBe(true);
    const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
    expect(inPath.toSorted()).toEqual((path.match(/\{\w+\}/g) ?? []).toSorted());
  }
});

test('every POST that is somebody’s takes an Idempotency-Key, and nothing else takes headers', async () => {
  const { operations } = await read();
  for (const { method, parameters, security } of operations) {
    const headers = parameters.filter((one) => one.in === 'header').map(({ name }) => name);
    expect(headers).toEqual(method === 'post' && security === undefined ? ['idempotency-key'] : []);
  }
});

test('every reference of the document leads somewhere, and no named schema is empty', async () => {
  const { text, schemas } = await read();
  const referred = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
  expect(referred.filter((name) => !(name in schemas))).toEqual([]);
  expect(Object.entries(schemas).filter(([, schema]) => Object.keys(schema).length === 0)).toEqual([]);
});
