import { findSession } from '../../store/sessions.ts';
import { findToken } from '../../store/tokens.ts';
import { Problem } from '../../wire/problem.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { hashSecret, kindOfSecret } from '../secret.ts';

/** A secret as it came: in the cookie of a browser, or in the header that programs send. */
export interface Credential {
  readonly secret: string;
  readonly cookie: boolean;
}

/**
 * Finds out whose session or API token a secret is (ACC-8, ACC-9). `source` is the address of the connection that brought
 * it. Refuses what is unknown, expired or of a deleted user with one and the same answer.
 */
export async function identify(deps: Deps, { secret, cookie }: Credential, source: string): Promise<Actor> {
  const now = new Date(deps.clock.now());
  const kind = kindOfSecret(secret);
  if (kind === 'session') {
    const session = await findSession(deps.db, hashSecret(secret), cookie, now);
    if (session !== undefined) {
      const { userId, platformAdministrator, ...rest } = session;
      return { userId, platformAdministrator, scopes: 'all', via: { kind, ...rest } };
    }
  }
  if (kind === 'token' && !cookie) {
    const token = await findToken(deps.db, hashSecret(secret), source, now);
    if (token !== undefined) {
      if (!token.here)
        throw new Problem('source-not-allowed', `The token is not valid from ${source}. Use it from its networks.`);
      const { id, userId, scopes, networks, expiresAt } = token;
      const platformAdministrator = token.platformAdministrator && scopes.includes('platform');
      return { userId, platformAdministrator, scopes, via: { kind, id, networks, expiresAt } };
    }
  }
  throw new Problem('not-signed-in', 'The session or token is unknown, expired or withdrawn. Sign in again.');
}
