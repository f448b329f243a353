import ipaddr from 'ipaddr.js';
import { findForSignIn } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { SignInInput } from '../../wire/rest/sessions.ts';
import type { Deps } from '../deps.ts';
import { checkPassword } from '../password.ts';
import { type Throttle, newThrottle } from '../throttle.ts';
import { type Client, type OpenedSession, openSession } from './open-session.ts';

const WINDOW_MS = 15 * 60 * 1000;

/**
 * Failed attempts are counted per account and source, so that nobody can lock out somebody elsewhere, and per source,
 * so that one cannot try the same password on everybody.
 */
export interface Attempts {
  readonly account: Throttle;
  readonly source: Throttle;
}

/** The limits of failed sign-ins: 10 per account and source, 100 per source, in 15 minutes. */
export function newAttempts({ clock }: Pick<Deps, 'clock'>): Attempts {
  return {
    account: newThrottle({ limit: 10, windowMs: WINDOW_MS, clock }),
    source: newThrottle({ limit: 100, windowMs: WINDOW_MS, clock }),
  };
}

/** Signs in with address and password. Unknown addresses and wrong passwords get one answer and cost the same (USR-2). */
export async function signIn(
  deps: Deps,
  attempts: Attempts,
  { email, password, cookie }: SignInInput,
  client: Client,
): Promise<OpenedSession> {
  const source = networkOf(client.source);
  const account = `${email.toLowerCase()} ${source}`;
  const wait = attempts.source.take(source) || attempts.account.take(account);
  if (wait > 0) throw new Problem('too-many-attempts', `Wait ${wait} seconds, then try again.`, wait);
  const user = await findForSignIn(deps.db, email);
  if (!(await checkPassword(password, user?.passwordHash ?? null)) || user === undefined) {
    throw new Problem('wrong-credentials', 'No account has this address and password. Check both.');
  }
  attempts.source.forgive(source);
  attempts.account.forgive(account);
  return openSession(deps, user, client, { cookie });
}

/** One source: an IPv4 address, or the /64 that one IPv6 site has at the least. */
function networkOf(source: string): string {
  const address = ipaddr.parse(source);
  return address.kind() === 'ipv4' ? source : Buffer.from(address.toByteArray().slice(0, 8)).toString('hex');
}
