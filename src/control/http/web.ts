import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { answerUnknown } from './errors.ts';
import { pagePolicy } from './headers.ts';
import type { App } from './app.ts';

/** What `index.html` of the built app holds in place of the nonce of this answer. */
const NONCE_MARK = '__CSP_NONCE__';

/** Paths that never are pages: whoever asks for one that is not there is told so as a problem. */
const NO_PAGE = /^\/(api|assets|metrics|healthz?|readyz)(\/|\?|$)/;

const NOT_BUILT = 'The web app is not built: make build\n';

/**
 * Serves the built web app: its assets, whose names hold a hash of their content, for ever; and for every other path that a
 * browser asks for as a page `index.html`, in which the app finds its way by the path.
 *
 * @param folder where `npm run build:web` put it; looked at on each request, so it may be built while control runs
 */
export async function serveWeb(app: App, folder: string): Promise<void> {
  await app.register(fastifyStatic, { serve: false, preCompressed: true });
  const options = { immutable: true, maxAge: '365d', index: false as const, dotfiles: 'deny' as const };
  app.get(
    '/assets/*',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getAsset',
        summary: 'A file of the web app',
        hide: true,
        params: z.object({ '*': z.string() }),
      },
    },
    ({ params }, reply) => reply.sendFile(params['*'], join(folder, 'assets'), options),
  );
  app.setNotFoundHandler(async (request, reply) =>
    asksForPage(request) ? answerPage(reply, folder) : answerUnknown(request, reply),
  );
}

function asksForPage({ method, url, headers }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && !NO_PAGE.test(url) && /\btext\/html\b/.test(headers.accept ?? '');
}

async function answerPage(reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const document = await readFile(join(folder, 'index.html'), 'utf8').catch(unlessAbsent);
  if (document === undefined) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
  const nonce = randomBytes(18).toString('base64');
  reply.helmet({ contentSecurityPolicy: pagePolicy(nonce) });
  return reply.type('text/html; charset=utf-8').send(document.replaceAll(NONCE_MARK, nonce));
}

function unlessAbsent(error: unknown): undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
}
