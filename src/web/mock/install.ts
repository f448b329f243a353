/**
 * The API in the browser, for work on pages: `npm run dev`. Answers are typed from the contract (`api/schema.d.ts`), the
 * routing from the committed OpenAPI document. In the address: `?as=technician|administrator|platform|viewer|new` who is
 * signed in, `?state=empty|error|slow|offline` what everything answers, `?size=10000` how much there is.
 */
import document from '../api/openapi.json';
import { handlers } from './handlers.ts';
import { type MockCall, MockProblem } from './types.ts';

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({
    id: operationId,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '([^/]+)')}$`),
    names: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
  })),
);

/** Puts the mock in the place of `fetch`. */
export function installMock(): void {
  const real = globalThis.fetch.bind(globalThis);
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    return url.pathname.startsWith('/api/') ? answer(request, url) : real(input, init);
  };
}

const wish = new URLSearchParams(location.search);

async function answer(request: Request, url: URL): Promise<Response> {
  const state = wish.get('state');
  if (state === 'offline') throw new TypeError('Failed to fetch');
  await new Promise((resolve) => setTimeout(resolve, state === 'slow' ? 60_000 : 30));
  const operation = operations.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
  if (operation === undefined) return problem(404, 'not-found', `The mock knows no ${request.method} ${url.pathname}.`);
  const isShell = operation.id === 'getMe';
  if (state === 'error' && !isShell) return problem(500, 'internal', 'Something went wrong on our side. Try again.');
  const values = operation.pattern.exec(url.pathname)?.slice(1) ?? [];
  const call: MockCall = {
    params: Object.fromEntries(operation.names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')])),
    query: url.searchParams,
    body: request.headers.get('content-type')?.includes('json') === true ? await request.json() : undefined,
    as: wish.get('as') ?? 'technician',
    isEmpty: state === 'empty',
    size: Number(wish.get('size') ?? 0),
  };
  const handler = (handlers as Record<string, ((call: MockCall) => unknown) | undefined>)[operation.id];
  if (handler === undefined) return problem(501, 'internal', `The mock has no handler for ${operation.id} yet.`);
  try {
    const body = handler(call);
    if (body === undefined) return new Response(null, { status: 204 });
    return Response.json(body, { headers: { 'parkway-revision': '4711' } });
  } catch (error) {
    if (error instanceof MockProblem) return problem(error.status, error.code, error.message);
    throw error;
  }
}

function problem(status: number, code: string, detail: string): Response {
  const body = { type: `urn:parkway:problem:${code}`, code, title: code, status, detail };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } });
}
