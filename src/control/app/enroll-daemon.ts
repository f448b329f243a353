import { change } from '../../store/change.ts';
import { type Enrolled, enroll } from '../../store/enrollment.ts';
import { Problem } from '../../wire/problem.ts';
import type { EnrollInput } from '../../wire/rest/enroll.ts';
import { endpointSchema } from '../../wire/state.ts';
import type { Deps } from '../deps.ts';
import { parseKey } from '../key.ts';
import { hashSecret } from '../secret.ts';
import type { Throttle } from '../throttle.ts';

/**
 * Trades a daemon's single-use token for an identity (AGT-4). Throws `key-invalid`, `invalid-request` for an endpoint that
 * is none, `too-many-attempts`, and what `enroll` of the store throws.
 */
export async function enrollDaemon(
  deps: Deps,
  failures: Throttle,
  input: EnrollInput,
  source: string,
): Promise<Enrolled> {
  const { token, endpoint } = input;
  const identityKey = parseKey(input.identityKey, 'identityKey');
  const tunnelKey = parseKey(input.tunnelKey, 'tunnelKey');
  if (endpoint !== undefined && !endpointSchema.safeParse(endpoint).success) {
    throw new Problem('invalid-request', 'endpoint must be address:port, such as 203.0.113.7:51900.');
  }
  // Each attempt waits for the lock of all changes: nobody may queue there at will.
  const wait = failures.take(source);
  if (wait > 0) throw new Problem('too-many-attempts', `Wait ${wait} seconds, then try again.`, wait);
  const claim = { tokenHash: hashSecret(token), identityKey, tunnelKey, endpoint };
  const { value } = await change(deps.db, (tx) => enroll(tx, claim, deps.pools, new Date(deps.clock.now())));
  failures.forgive(source);
  return value;
}
