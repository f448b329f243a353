import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PROBLEMS, type ProblemCode } from '../wire/problem.ts';
import type { Context } from './context.ts';
import { run } from './program.ts';

/** A request as the stub got it. */
export interface Asked {
  readonly method: string;
  /** Behind `/api/v1`, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What the stub answers: a status, a JSON body and a revision; or nothing at all, by breaking the connection. */
export type Reply = { status?: number; body?: unknown; revision?: number; raw?: string } | 'break';

/** Answers by `METHOD /path`. */
export type Replies = Record<string, (asked: Asked) => Reply>;

/** What surrounds a call. */
export interface Around {
  /** A person sits there and types these. */
  readonly answers?: readonly string[];
  /** Standard input. */
  readonly input?: string;
  /** Without PARKWAY_TOKEN and PARKWAY_URL. */
  readonly signedOut?: true;
  /** Another PARKWAY_URL. */
  readonly url?: string;
}

/** How a call ended. */
export interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A server on a port of its own and a command line that talks to it, for tests. */
export interface Stub {
  readonly url: string;
  /** A folder of its own, for configuration and files. */
  readonly folder: string;
  readonly asked: Asked[];
  /** Calls `parkway …`. */
  call(words: readonly string[], around?: Around): Promise<Outcome>;
  close(): Promise<void>;
}

/** A problem as the API answers it. */
export function problem(code: ProblemCode, detail: string): Reply {
  const { status, title } = PROBLEMS[code];
  return { status, body: { type: `urn:parkway:problem:${code}`, code, title, status, detail } };
}

/** A list as the API answers it. */
export function page(...items: unknown[]): Reply {
  return { body: { items, next: null } };
}

/** Starts a stub on a free port of the loopback address. */
export async function startStub(replies: Replies): Promise<Stub> {
  const asked: Asked[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stub');
    const path = pathname.replace(/^\/api\/v1/, '');
    const { method = '', headers } = request;
    const one = { method, path, query: searchParams, headers, text: await text(request) };
    asked.push(one);
    const reply = replies[`${method} ${path}`]?.(one) ?? problem('not-found', 'The stub has no such path.');
    answer(response, reply);
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const folder = await mkdtemp(join(tmpdir(), 'parkway-cli-'));
  return {
    url,
    folder,
    asked,
    call: (words, around = {}) => callWith({ url, folder }, words, around),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'break') {
    response.destroy();
    return;
  }
  if (reply.revision !== undefined) response.setHeader('parkway-revision', reply.revision);
  response.statusCode = reply.status ?? (reply.body === undefined && reply.raw === undefined ? 204 : 200);
  response.end(reply.raw ?? (reply.body === undefined ? undefined : JSON.stringify(reply.body)));
}

async function callWith(
  { url, folder }: { url: string; folder: string },
  words: readonly string[],
  around: Around,
): Promise<Outcome> {
  const said = { out: '', err: '' };
  const answers = [...(around.answers ?? [])];
  const context: Context = {
    environment: {
      ...(around.signedOut ? {} : { PARKWAY_URL: url, PARKWAY_TOKEN: 'session-token' }),
      ...(around.url === undefined ? {} : { PARKWAY_URL: around.url }),
      PARKWAY_LAB_DIR: folder,
      XDG_CONFIG_HOME: folder,
      HOME: folder,
    },
    terminal: {
      interactive: around.answers !== undefined,
      colors: false,
      out: (words) => void (said.out += words),
      err: (words) => void (said.err += words),
      ask: (question) => {
        said.err += question;
        return Promise.resolve(answers.shift() ?? '');
      },
      readInput: () => Promise.resolve(around.input ?? ''),
    },
  };
  return { exit: await run(words, context), ...said };
}
