import { deleteIdentity, listIdentities, lockPassword } from '../../store/identities.ts';
import { Problem } from '../../wire/problem.ts';
import type { IdentityJson } from '../../wire/rest/oidc.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { notAllowed, notFound } from '../refuse.ts';

/** One's own identities. */
export async function showIdentities({ db, oidc }: Deps, { userId }: Actor): Promise<{ items: IdentityJson[] }> {
  const rows = await listIdentities(db, userId);
  const items = rows.map(({ id, issuer, email, createdAt, lastUsedAt }) => ({
    id,
    provider: issuer === oidc?.issuer ? oidc.name : issuer,
    email,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
  }));
  return { items };
}

/** Takes an identity off one's account. Refuses with `identity-needed` when nothing else signs in. */
export async function unlinkIdentity(deps: Deps, actor: Actor, id: string): Promise<void> {
  demandSession(actor);
  const now = new Date(deps.clock.now());
  await deps.db.transaction().execute(async (tx) => {
    const hasPassword = await lockPassword(tx, actor.userId);
    if (!(await deleteIdentity(tx, actor.userId, id, now))) throw notFound('identity');
    if (!hasPassword && (await listIdentities(tx, actor.userId)).length === 0)
      throw new Problem('identity-needed', 'You have no password, so nothing else would let you in. Set one first.');
  });
}

/** Ways to sign in are changed by who is signed in, not by a token of theirs. Returns the session's id. */
export function demandSession({ via }: Actor): string {
  if (via.kind === 'session') return via.id;
  throw notAllowed('An API token does not change how you sign in. Sign in and do it there.');
}
