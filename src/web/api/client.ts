import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

export type Schemas = components['schemas'];
export type ProblemBody = Schemas['Problem'];

/** A refusal of the API (RFC 9457), or, with the code `offline`, no answer at all. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly body: ProblemBody | undefined;
  constructor(body: ProblemBody | undefined, status: number) {
    super(body?.detail ?? 'The control plane does not answer.');
    this.name = 'ApiProblem';
    this.body = body;
    this.status = status;
    this.code = body?.code ?? 'offline';
  }
}

/** Whoever wants to know that an answer was "not signed in": the shell goes to the sign-in page. */
export const signedOut = new EventTarget();

const own: Middleware = {
  onRequest({ request }) {
    // What a form of another site cannot send; control refuses a change by cookie without it.
    request.headers.set('x-parkway', '1');
    if (request.method === 'POST') request.headers.set('idempotency-key', crypto.randomUUID());
    return request;
  },
  async onResponse({ response, request }) {
    if (response.ok) return undefined;
    const body = await problemOf(response);
    if (response.status === 401 && !new URL(request.url).pathname.startsWith('/api/v1/sessions'))
      signedOut.dispatchEvent(new Event('signed-out'));
    throw new ApiProblem(body, response.status);
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return new ApiProblem(undefined, 0);
  },
};

async function problemOf(response: Response): Promise<ProblemBody | undefined> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return undefined;
  const body: unknown = await response.json().catch(() => undefined);
  return isProblem(body) ? body : undefined;
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}

/** Calls the API by its OpenAPI document. An answer that is no success is thrown as ApiProblem. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  // Looked up at each call: the mock puts its own in place.
  fetch: (request) => globalThis.fetch(request),
});
api.use(own);

/** The body of an answer; what was no success has been thrown already. */
export async function bodyOf<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await changeOf(answer)).body;
}

/** The body together with the revision that gateways and agents follow, when the call changed something that they hold. */
export async function changeOf<T>(
  answer: Promise<{ data?: T; response: Response }>,
): Promise<{ body: T; revision: number | undefined }> {
  const { data, response } = await answer;
  const revision = response.headers.get('parkway-revision');
  // A success has the body that the contract says, and a 204 has the type of none.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { body: data as T, revision: revision === null ? undefined : Number(revision) };
}
