import type { Db, Tx } from '../../store/db.ts';
import { type EnrollmentTarget, insertEnrollmentToken } from '../../store/enrollment.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { newSecret } from '../secret.ts';

/** How long an enrolment token can be used. */
const TOKEN_MS = 24 * 60 * 60 * 1000;

/**
 * Makes the single-use token with which a daemon enrols (AGT-4); a former one of the same plant or gateway is void. Who
 * calls this has made sure that the actor may. `db` may be the transaction that made the gateway.
 */
export async function makeEnrollmentToken(
  db: Db | Tx,
  { clock }: Pick<Deps, 'clock'>,
  { userId }: Actor,
  target: EnrollmentTarget,
): Promise<{ token: string; expiresAt: string }> {
  const expiresAt = new Date(clock.now() + TOKEN_MS);
  const { secret, hash } = newSecret('enrollment');
  await insertEnrollmentToken(db, target, { hash, createdBy: userId, expiresAt });
  return { token: secret, expiresAt: expiresAt.toISOString() };
}
