import { findSession } from '../../store/sessions.ts';
import { findToken } from '../../store/tokens.ts';
import { Problem } from '../../wire/problem.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { hashSecret, kindOfSecret } from '../secret.ts';

/**
 * Finds out whose session or API token a secret is (ACC-8, ACC-9). `source` is the address of the connection that brought
 * it. Refuses what is unknown, expired or of a deleted user with one and the same answer.
 */
export async function identify(deps: Deps, secret: string, source: string): Promise<Actor> {
  const now = new Date(deps.clock.now());
  const kind = kindOfSecret(secret);
  if (kind === 'session') {
    const session = await findSession(deps.db, hashSecret(secret), now);
    if (session !== undefined) {
      const { id, userId, platformAdministrator } = session;
      return { userId, platformAdministrator, scopes: 'all', via: { kind, id } };
    }
  }
  if (kind === 'token') {
    const token = await findToken(deps.db, hashSecret(secret), source, now);
    if (token !== undefined) {
      if (!token.here)
        throw new Problem('source-not-allowed', `The token is not valid from ${source}. Use it from its networks.`);
      const { id, userId, scopes, networks, expiresAt } = token;
      const platformAdministrator = token.platformAdministrator && scopes.includes('platform');
      return { userId, platformAdministrator, scopes, via: { kind, id, networks, expiresAt } };
    }
  }
  throw new Problem('not-signed-in', 'The token is unknown, expired or withdrawn. Sign in again.');
}
