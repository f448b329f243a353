import type { Db, Tx } from '../../store/db.ts';
import { insertSession } from '../../store/sessions.ts';
import type { Clock } from '../../net/clock.ts';
import type { NewSessionJson, UserJson } from '../../wire/rest/sessions.ts';
import { newSecret } from '../secret.ts';

/** How long a session lives, whether it is used or not. */
const SESSION_MS = 7 * 24 * 60 * 60 * 1000;

/** Where a request comes from. */
export interface Client {
  readonly source: string;
  readonly userAgent: string;
}

/** Opens a session for a user who has just proved who it is. `db` may be the transaction that made the account. */
export async function openSession(
  { db, clock }: { readonly db: Db | Tx; readonly clock: Clock },
  { id, email, name }: UserJson,
  client: Client,
): Promise<NewSessionJson> {
  const now = new Date(clock.now());
  const expiresAt = new Date(now.getTime() + SESSION_MS);
  const { secret, hash } = newSecret('session');
  await insertSession(db, { userId: id, hash, expiresAt, now, ...client });
  return { token: secret, expiresAt: expiresAt.toISOString(), user: { id, email, name } };
}
