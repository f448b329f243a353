import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { abandonKey, claimKey, finishKey } from '../../store/idempotency.ts';
import { Problem } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `Idempotency-Key` that this request has claimed and must finish. */
    claimedKey: string | undefined;
  }
}

const HEADER = 'idempotency-key';

/** The headers of every POST that is not public: a public one has no user to keep the answer for. */
export const idempotencyHeaders = z.looseObject({
  [HEADER]: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'is one word of 1 to 200 printable characters, such as a UUID')
    .optional()
    .describe('Repeating the request with the same key is harmless'),
});

/**
 * Makes a POST with an `Idempotency-Key` happen once per user and key: the same request again gets the kept answer,
 * another request with the key is refused. Only success is kept; a refusal changed nothing and may be tried again. An
 * attempt whose process died is taken over after `store/idempotency` ATTEMPT_MS. An answer that shows a secret is not
 * kept, and repeating it says so.
 */
export function keepIdempotent(app: App, deps: Deps): void {
  app.decorateRequest('claimedKey', undefined);
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key !== undefined) await claim(deps, request, reply, key);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.claimedKey === undefined) return payload;
    try {
      await settle(deps, request, request.claimedKey, reply, payload);
    } catch (error) {
      // The answer is true whether or not it could be kept; the key becomes free by itself.
      request.log.warn({ err: error }, 'idempotency key not settled');
    }
    return payload;
  });
}

/** Claims the key for this request, or answers as the first one was answered. */
async function claim(deps: Deps, request: FastifyRequest, reply: FastifyReply, key: string): Promise<void> {
  const now = new Date(deps.clock.now());
  const outcome = await claimKey(deps.db, request.actor.userId, key, fingerprint(request), now);
  switch (outcome.kind) {
    case 'claimed':
      request.claimedKey = key;
      break;
    case 'answered':
      await replay(reply, outcome);
      break;
    case 'other-request':
      throw new Problem('idempotency-mismatch', 'The key belongs to another request. Take a new key for each request.');
    case 'running':
      throw new Problem('idempotency-in-progress', 'Wait for the first request, then repeat this one.', 1);
  }
}

async function settle(
  deps: Deps,
  request: FastifyRequest,
  key: string,
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  const { userId } = request.actor;
  if (reply.statusCode >= 300) return abandonKey(deps.db, userId, key);
  return finishKey(deps.db, userId, key, reply.statusCode, answerToKeep(request, reply, payload));
}

function keyOf({ headers, routeOptions }: FastifyRequest): string | undefined {
  return routeOptions.schema?.headers === idempotencyHeaders ? idempotencyHeaders.parse(headers)[HEADER] : undefined;
}

function fingerprint(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(`POST ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest();
}

function answerToKeep(request: FastifyRequest, reply: FastifyReply, payload: unknown): KeptAnswer {
  if (request.routeOptions.config.showsSecret === true) return null;
  const revision = reply.getHeader('parkway-revision');
  return {
    revision: revision === undefined ? null : Number(revision),
    text: typeof payload === 'string' ? payload : '',
  };
}

/** What is kept of an answer; null when it showed a secret. */
const keptAnswer = z.object({ revision: z.number().nullable(), text: z.string() }).nullable();
type KeptAnswer = z.output<typeof keptAnswer>;

function replay(reply: FastifyReply, kept: { status: number; answer: unknown }): FastifyReply {
  const answer = keptAnswer.parse(kept.answer);
  if (answer === null) {
    throw new Problem(
      'idempotency-shown-once',
      'The first request was carried out and its secret was shown then. If it is lost, delete what was made and make another.',
    );
  }
  if (answer.revision !== null) answerRevision(reply, answer.revision);
  void reply.code(kept.status);
  return answer.text === '' ? reply.send() : reply.type('application/json; charset=utf-8').send(answer.text);
}

/** Says at which revision a change is; who asks can follow it with `GET /revisions/{revision}`. */
export function answerRevision(reply: FastifyReply, revision: number): void {
  void reply.header('parkway-revision', revision);
}
