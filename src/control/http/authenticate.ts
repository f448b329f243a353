import type { FastifyRequest } from 'fastify';
import { Problem } from '../../wire/problem.ts';
import { hasScope } from '../actor.ts';
import { type Credential, identify } from '../app/identify.ts';
import type { Deps } from '../deps.ts';
import { demandOwnPages, secretInCookie } from './session-cookie.ts';

/**
 * Before every route that is not public: finds out who asks, from the bearer token or a browser's cookie, and refuses an API
 * token without the route's scope, and a browser that was made to ask by another site. Afterwards `request.actor` is set. What
 * the actor may do is for the use case to decide.
 */
export async function authenticate(deps: Deps, request: FastifyRequest): Promise<void> {
  if (request.is404) return;
  const { access } = request.routeOptions.config;
  if (access === 'public') return;
  const credential = credentialOf(request);
  const actor = await identify(deps, credential, sourceOf(request));
  if (credential.cookie) demandOwnPages(deps, request);
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

/** The header where there is one: whoever sends it means it. */
function credentialOf(request: FastifyRequest): Credential {
  const { authorization } = request.headers;
  const secret =
    authorization === undefined ? secretInCookie(request) : /^Bearer (\S{1,200})$/i.exec(authorization)?.[1];
  if (secret !== undefined) return { secret, cookie: authorization === undefined };
  throw new Problem(
    'not-signed-in',
    'Send "Authorization: Bearer <token>" with a token from POST /api/v1/sessions or /api/v1/tokens.',
  );
}
