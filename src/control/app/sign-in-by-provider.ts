import { isLiveSession, linkIdentity, type Subject, useIdentity } from '../../store/identities.ts';
import { findForSignIn, findUser, type UserRow } from '../../store/users.ts';
import type { Deps } from '../deps.ts';
import type { Identified, Oidc } from '../oidc.ts';
import { type Challenged, type Client, type OpenedSession, admit, openSession } from './open-session.ts';

/** A profile that is being linked: whose, and the session that asked for it. */
export interface Linking {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Signs in whom the provider identified (USR-1). Undefined for everybody who has no account here, for whatever reason: nobody is told
 * which, and no account is made.
 */
export async function signInByProvider(
  deps: Deps,
  oidc: Oidc,
  person: Identified,
  client: Client,
): Promise<OpenedSession | Challenged | undefined> {
  const user = await userOf(deps, oidc, person);
  if (user === undefined) return undefined;
  const isEnough = oidc.secondFactor === 'never' || (oidc.secondFactor === 'unless-mfa' && person.multiFactor);
  return isEnough ? openSession(deps, user, client, { cookie: true }) : admit(deps, user, client, { cookie: true });
}

/**
 * Links the identity to the profile of who asked, as long as their session lives. Returns false when that is over, when the identity
 * is somebody else's, or when the profile has another one.
 */
export async function linkToProfile(
  deps: Deps,
  oidc: Oidc,
  person: Identified,
  { userId, sessionId }: Linking,
): Promise<boolean> {
  const now = new Date(deps.clock.now());
  if (!isAllowed(oidc, person) || !(await isLiveSession(deps.db, userId, sessionId, now))) return false;
  if ((await useIdentity(deps.db, subjectOf(person), now))?.id === userId) return true;
  return deps.db.transaction().execute((tx) => linkIdentity(tx, userId, subjectOf(person), now));
}

/** By the identity; by an address that the provider has verified only where none is linked yet. */
async function userOf(deps: Deps, oidc: Oidc, person: Identified): Promise<UserRow | undefined> {
  const now = new Date(deps.clock.now());
  if (!isAllowed(oidc, person)) return undefined;
  const known = await useIdentity(deps.db, subjectOf(person), now);
  if (known !== undefined || person.email === undefined || !person.emailVerified) return known;
  const user = await findForSignIn(deps.db, person.email);
  if (user === undefined) return undefined;
  return deps.db.transaction().execute(async (tx) => {
    const isLinked = await linkIdentity(tx, user.id, subjectOf(person), now);
    return isLinked ? findUser(tx, user.id) : undefined;
  });
}

/** Where domains are configured, nobody else's address counts, nor one that is not verified. */
function isAllowed({ domains }: Oidc, { email, emailVerified }: Identified): boolean {
  if (domains.length === 0) return true;
  const domain = email?.split('@').at(-1)?.toLowerCase();
  return emailVerified && domain !== undefined && domains.includes(domain);
}

function subjectOf({ issuer, subject, email }: Identified): Subject {
  return { issuer, subject, email: email ?? null };
}
