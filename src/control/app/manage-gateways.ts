import { formatIp } from '../../net/ip.ts';
import { change } from '../../store/change.ts';
import { type GatewayRow, createGateway, deleteGateway, findGateway } from '../../store/gateways.ts';
import type { GatewayInput, GatewayJson } from '../../wire/rest/platform.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { makeEnrollmentToken } from './make-enrollment-token.ts';

/** A gateway with the token with which it enrols, shown once. */
export type NewGateway = GatewayJson & { enrollmentToken: string; enrollmentExpiresAt: string };

/** Adds a gateway that is to enrol. Throws `name-taken`, `not-found` for the region, `pool-exhausted`. */
export async function addGateway(
  deps: Deps,
  actor: Actor,
  input: GatewayInput,
): Promise<{ revision: number; value: NewGateway }> {
  return change(deps.db, async (tx) => {
    const row = await createGateway(tx, deps.pools, input, new Date(deps.clock.now()));
    const { token, expiresAt } = await makeEnrollmentToken(tx, deps, actor, { gatewayId: row.id });
    return { ...showGateway(row), enrollmentToken: token, enrollmentExpiresAt: expiresAt };
  });
}

/** Makes a token with which a gateway enrols anew; its former keys are refused from then on. */
export async function inviteGateway(
  deps: Deps,
  actor: Actor,
  id: string,
): Promise<{ token: string; expiresAt: string }> {
  const { id: gatewayId } = found(await findGateway(deps.db, id), 'gateway');
  return makeEnrollmentToken(deps.db, deps, actor, { gatewayId });
}

/** Removes a gateway: its keys are refused from then on. */
export async function removeGateway(deps: Deps, id: string): Promise<{ revision: number }> {
  return change(deps.db, (tx) => deleteGateway(tx, id, new Date(deps.clock.now())));
}

/** A gateway as the API shows it. */
export function showGateway({ no, address, seenAt, ...row }: GatewayRow): GatewayJson {
  return { ...row, number: no, address: formatIp(address), seenAt: seenAt?.toISOString() ?? null };
}
