import { cidr, contains } from '../../net/cidr.ts';
import { type TokenRow, insertToken } from '../../store/tokens.ts';
import { Problem } from '../../wire/problem.ts';
import type { TokenInput } from '../../wire/rest/tokens.ts';
import { type Actor, hasScope } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { newSecret } from '../secret.ts';

/**
 * Makes an API token for the actor and returns its secret, once. A token made with a token has no more scopes, lives no
 * longer and is valid from no further networks than the one that makes it, and goes with it (ACC-8).
 */
export async function makeToken(deps: Deps, actor: Actor, input: TokenInput): Promise<TokenRow & { secret: string }> {
  const now = new Date(deps.clock.now());
  const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
  if (expiresAt !== null && expiresAt <= now)
    throw new Problem('invalid-request', 'expiresAt lies in the past. Choose a later time.');
  refuseWider(actor, input, expiresAt);
  const { secret, hash } = newSecret('token');
  const row = await insertToken(deps.db, {
    userId: actor.userId,
    parentId: actor.via.kind === 'token' ? actor.via.id : null,
    hash,
    name: input.name,
    scopes: [...new Set(input.scopes)],
    networks: input.networks,
    expiresAt,
    now,
  });
  return { ...row, secret };
}

function refuseWider(actor: Actor, input: TokenInput, expiresAt: Date | null): void {
  const missing = input.scopes.find((scope) => !hasScope(actor, scope));
  if (missing !== undefined)
    throw new Problem('scope-missing', `Your token does not have the scope "${missing}". Leave it out.`);
  const { via } = actor;
  if (via.kind === 'session') return;
  if (via.expiresAt !== null && (expiresAt === null || expiresAt > via.expiresAt)) {
    throw new Problem(
      'not-allowed',
      `Your token ends at ${via.expiresAt.toISOString()}. Choose an expiresAt up to then.`,
    );
  }
  if (via.networks.length > 0 && !within(input.networks, via.networks)) {
    throw new Problem(
      'not-allowed',
      `Your token is valid from ${via.networks.join(', ')}. Choose networks inside them.`,
    );
  }
}

function within(inner: readonly string[], outer: readonly string[]): boolean {
  const allowed = outer.map(cidr);
  return inner.length > 0 && inner.map(cidr).every((network) => allowed.some((wide) => contains(wide, network)));
}
