import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { problemSchema } from '../wire/problem.ts';
import type { Context } from './context.ts';
import { endpoint } from './credentials.ts';
import { Refused, Unreachable } from './failures.ts';

/** An answer of the API. */
export interface Answer<T> {
  /** The body, checked. */
  readonly value: T;
  /** The body as it was sent, for `--json`. Undefined when there was none. */
  readonly json: unknown;
  /** The revision that the request made, when it changed what gateways and agents hold. */
  readonly revision: number | undefined;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * The API of one server, as one account. Paths are relative to `/api/v1`. Every function throws Refused with the
 * server's problem, or Unreachable when there is no answer or not one of Parkway's.
 */
export interface Api {
  readonly url: string;
  get<T>(path: string, schema: z.ZodType<T>): Promise<Answer<T>>;
  /** All items of a list, page after page. `json` is one page that holds them all. */
  list<T>(path: string, item: z.ZodType<T>): Promise<Answer<T[]>>;
  send<T>(method: 'POST' | 'PATCH', path: string, body: object | undefined, schema: z.ZodType<T>): Promise<Answer<T>>;
  remove(path: string): Promise<Answer<unknown>>;
}

const PAGE = 200;
const TIMEOUT_MS = 30_000;

/** The API as whoever the context is signed in as. */
export async function connect(context: Context): Promise<Api> {
  const { url, token } = await endpoint(context);
  return api(url, token);
}

/** The API of the server at `url`, with a session or API token, or without one to sign in. */
export function api(url: string, token: string | undefined): Api {
  const call = <T>(method: Method, path: string, body: object | undefined, schema: z.ZodType<T>) =>
    request({ url, token, method, path, body }, schema);
  return {
    url,
    get: (path, schema) => call('GET', path, undefined, schema),
    list: (path, item) => listAll((page, schema) => call('GET', page, undefined, schema), path, item),
    send: call,
    remove: (path) => call('DELETE', path, undefined, z.unknown()),
  };
}

type Get = <T>(path: string, schema: z.ZodType<T>) => Promise<Answer<T>>;

async function listAll<T>(get: Get, path: string, item: z.ZodType<T>): Promise<Answer<T[]>> {
  const schema = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });
  const raw: unknown[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
    const page: Answer<z.infer<typeof schema>> = await get(
      `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`,
      schema,
    );
    raw.push(...page.value.items);
    cursor = page.value.next;
  } while (cursor !== null);
  return { value: understood(z.array(item), raw), json: { items: raw, next: null }, revision: undefined };
}

interface Request {
  readonly url: string;
  readonly token: string | undefined;
  readonly method: Method;
  readonly path: string;
  readonly body: object | undefined;
}

async function request<T>(asked: Request, schema: z.ZodType<T>): Promise<Answer<T>> {
  const init = {
    method: asked.method,
    headers: {
      accept: 'application/json',
      ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
      ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
      // Makes it harmless to repeat a request whose answer was lost.
      ...(asked.method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    },
    ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    // A redirect could carry the token to another server.
    redirect: 'error',
  } as const;
  const response = await answered(asked, init);
  const json = parsed(await response.text());
  if (!response.ok) throw refusal(asked.url, response.status, json);
  const revision = response.headers.get('parkway-revision');
  return { value: understood(schema, json), json, revision: revision === null ? undefined : Number(revision) };
}

/** Asks, and asks once more when the connection broke half-way. A repeated DELETE would find its thing gone. */
async function answered(asked: Request, init: RequestInit): Promise<Response> {
  const target = new URL(`api/v1${asked.path}`, asked.url.endsWith('/') ? asked.url : `${asked.url}/`);
  const once = () => fetch(target, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  try {
    return await once();
  } catch (error) {
    const failure = unreachable(asked.url, error);
    if (!failure.sent || asked.method === 'DELETE') throw failure;
  }
  return once().catch((error: unknown) => {
    throw new Unreachable(unreachable(asked.url, error).message, true, { cause: error });
  });
}

const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

function unreachable(url: string, error: unknown): Unreachable {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error ? cause.message || code : String(cause);
  const sent = !NEVER_SENT.includes(code);
  return new Unreachable(`No answer from ${url}: ${reason}`, sent, { cause: error });
}

function refusal(url: string, status: number, json: unknown): Refused | Unreachable {
  const problem = problemSchema.safeParse(json);
  if (problem.success) return new Refused(problem.data);
  return new Unreachable(
    `What answers at ${url} is not Parkway, or something in front of it (status ${status}).`,
    true,
  );
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function understood<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new Unreachable(`The server's answer is not of this version: ${z.prettifyError(result.error)}`, true);
}
