import { deleteAgent, readAgent } from '../../store/agents.ts';
import { change } from '../../store/change.ts';
import type { AgentJson, EnrollmentTokenJson } from '../../wire/rest/agents.ts';
import type { Actor } from '../actor.ts';
import { asOwnerOf, onPlant } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { makeEnrollmentToken } from './make-enrollment-token.ts';

/** How the agent of a plant fares; everybody who sees the plant may know (VPN-12). */
export async function showAgent(deps: Deps, actor: Actor, plantId: string): Promise<AgentJson> {
  const now = new Date(deps.clock.now());
  await onPlant(deps.db, actor, plantId, 'see-plant', now);
  const { state, seenAt, applied, paths } = await readAgent(deps.db, plantId, now);
  return {
    state,
    seenAt: seenAt?.toISOString() ?? null,
    applied,
    paths: paths.map(({ gateway, up, since }) => ({ gateway, up, since: since.toISOString() })),
  };
}

/** Makes a token with which a plant's next agent enrols; from then on the former one is refused (AVL-5). */
export async function inviteAgent(deps: Deps, actor: Actor, plantId: string): Promise<EnrollmentTokenJson> {
  await asOwnerOf(deps.db, actor, plantId, new Date(deps.clock.now()));
  const made = await makeEnrollmentToken(deps.db, deps, actor, { plantId });
  return { ...made, command: commandFor(deps.daemonsUrl ?? deps.publicUrl) };
}

/** Withdraws a plant's agent: its keys are refused from then on, and nobody reaches the plant. */
export async function removeAgent(deps: Deps, actor: Actor, plantId: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx) => {
    await asOwnerOf(tx, actor, plantId, now);
    await deleteAgent(tx, plantId, now);
  });
}

/** The token goes in by standard input: neither the shell's history nor the list of processes shows it. */
function commandFor(daemonsUrl: string): string {
  const file = '/etc/parkway/enrollment-token';
  return (
    `install -D -m 600 /dev/stdin ${file} && ` +
    `PARKWAY_CONTROL_URL=${daemonsUrl} PARKWAY_STATE_DIR=/var/lib/parkway PARKWAY_ENROLLMENT_TOKEN_FILE=${file} ` +
    'npx node src/agent/main.ts'
  );
}
