import type { FastifyRequest } from 'fastify';
import { Problem } from '../../wire/problem.ts';
import { hasScope } from '../actor.ts';
import { identify } from '../app/identify.ts';
import type { Deps } from '../deps.ts';

/**
 * Before every route that is not public: finds out who asks, from the bearer token, and refuses an API token without
 * the route's scope. Afterwards `request.actor` is set. What the actor may do is for the use case to decide.
 */
export async function authenticate(deps: Deps, request: FastifyRequest): Promise<void> {
  if (request.is404) return;
  const { access } = request.routeOptions.config;
  if (access === 'public') return;
  const actor = await identify(deps, bearerOf(request), sourceOf(request));
  request.actor = actor;
  if (access !== 'anyone' && !hasScope(actor, access)) {
    throw new Problem('scope-missing', `This needs the scope "${access}". Use a token that has it, or sign in.`);
  }
  if (access === 'platform' && !actor.platformAdministrator) {
    throw new Problem('not-allowed', 'Only platform administrators may do this. Ask the one of this installation.');
  }
}

/** The address that the request's connection comes from; headers do not count. An IPv4 address is in dotted form. */
export function sourceOf(request: FastifyRequest): string {
  return request.ip.replace(/^::ffff:(?=\d+\.)/, '');
}

function bearerOf(request: FastifyRequest): string {
  const token = /^Bearer (\S{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new Problem(
      'not-signed-in',
      'Send "Authorization: Bearer <token>" with a token from POST /api/v1/sessions or /api/v1/tokens.',
    );
  }
  return token;
}
