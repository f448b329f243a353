import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isUnfit } from '../../store/unfit.ts';
import { isUnavailable } from '../../store/unavailable.ts';
import { Problem, type ProblemBody } from '../../wire/problem.ts';

/** Answers any error as a problem (RFC 9457). What is our own fault is logged whole and told in one sentence. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({
      path: issue.instancePath,
      message: issue.message ?? 'is not valid',
    }));
    const refused = new Problem(
      'invalid-request',
      `Correct what "errors" lists in the ${error.validationContext ?? 'request'}.`,
    );
    return send(reply, refused, { ...refused.body(), errors });
  }
  const problem = problemOf(error);
  if (isUnfit(error)) request.log.warn({ err: error }, 'unfit');
  else if (problem.code === 'internal') request.log.error({ err: error }, 'internal');
  // Every request meets it while the database is away: a line each, without a stack.
  else if (!(error instanceof Problem) && problem.code === 'unavailable') request.log.warn(error.message);
  return send(reply, problem, problem.body());
}

/** Answers a path or method that the API does not have. */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = new Problem('not-found', `There is no ${request.method} on this path. See /api/v1/openapi.json.`);
  return send(reply, problem, problem.body());
}

function problemOf(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) {
    return new Problem(
      'unavailable',
      'The database does not answer now. Try again shortly, and look first whether a change was made: its answer may be what was lost.',
      2,
    );
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('message-too-large', 'The body is larger than the API takes. Send less at a time.');
  }
  if (isUnfit(error)) {
    const advice = 'Look for a NUL character, or a cursor that was changed.';
    return new Problem('invalid-request', `A value of the request cannot be stored or compared. ${advice}`);
  }
  // What Fastify itself refuses: not JSON, a content type that is not JSON.
  if (error.statusCode !== undefined && error.statusCode < 500) return new Problem('invalid-request', error.message);
  return new Problem('internal', 'Try again; if it stays, tell the operator the X-Request-Id of this answer.');
}

function send(reply: FastifyReply, problem: Problem, body: ProblemBody): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', problem.retryAfterSeconds);
  if (body.status === 401) void reply.header('www-authenticate', 'Bearer');
  // As text: the schemas of a route describe its own answers, not this one.
  return reply.code(body.status).type('application/problem+json').send(JSON.stringify(body));
}
