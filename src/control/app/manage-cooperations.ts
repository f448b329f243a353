import { isLeading } from '../../access/roles.ts';
import { assigneesOf } from '../../store/assignments.ts';
import { change } from '../../store/change.ts';
import {
  type CooperationRow,
  insertCooperation,
  readCooperation,
  updateCooperation,
} from '../../store/cooperations.ts';
import type { Db } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { findPartner } from '../../store/organizations.ts';
import { Problem } from '../../wire/problem.ts';
import type { CooperationInput } from '../../wire/rest/cooperations.ts';
import type { Actor } from '../actor.ts';
import { demand, inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found, notAllowed, notFound } from '../refuse.ts';
import { list } from '../words.ts';

/** What may be done to a cooperation: by which side, from which states, into which. */
const STEPS = {
  accept: { by: 'partner', from: ['pending'], to: 'active' },
  pause: { by: 'owner', from: ['active'], to: 'paused' },
  resume: { by: 'owner', from: ['paused'], to: 'active' },
  end: { by: 'either', from: ['pending', 'active', 'paused'], to: 'ended' },
} as const;

export type CooperationStep = keyof typeof STEPS;

/**
 * Invites another organization, by id or exact name, to receive plants (ACC-5). It gives nothing until accepted. An
 * Administrator is told when there is no such organization: otherwise a misspelt name would wait for ever. Nothing but the
 * name's existence is learnt by that.
 */
export async function inviteCooperation(
  deps: Deps,
  actor: Actor,
  ownerId: string,
  input: CooperationInput,
): Promise<CooperationRow> {
  const now = new Date(deps.clock.now());
  return deps.db.transaction().execute(async (tx) => {
    await inOrganization(tx, actor, ownerId, 'manage-cooperations');
    const by = input.partnerId === undefined ? { name: input.partnerName ?? '' } : { id: input.partnerId };
    const partner = await findPartner(tx, by);
    if (partner === undefined) throw notFound('organization');
    if (partner.id === ownerId) {
      throw new Problem(
        'cooperation-self',
        'An organization cannot cooperate with itself. Grant roles to its members instead.',
      );
    }
    const id = await insertCooperation(tx, { ownerId, partner, invitedBy: actor.userId }, now);
    return found(await readCooperation(tx, actor.userId, id), 'cooperation');
  });
}

/** Accepts, pauses, resumes or ends a cooperation; what its assignees reach follows at once. */
export async function stepCooperation(
  deps: Deps,
  actor: Actor,
  id: string,
  name: CooperationStep,
): Promise<{ revision: number; value: CooperationRow }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    const cooperation = found(await readCooperation(tx, actor.userId, id), 'cooperation');
    demandSide(cooperation, STEPS[name].by);
    const { from, to } = STEPS[name];
    if (!from.some((status) => status === cooperation.status)) {
      throw new Problem(
        'cooperation-state',
        `The cooperation is ${cooperation.status}; "${name}" is for one that is ${list(from, 'or')}.`,
      );
    }
    const acceptance = name === 'accept' ? { acceptedBy: actor.userId } : {};
    await updateCooperation(tx, id, { status: to, ...acceptance }, now);
    await derive(tx, revision, { users: await assigneesOf(tx, { cooperationId: id }) });
    return { ...cooperation, status: to, statusSince: now };
  });
}

/** Returns a cooperation to who leads one of its sides. Refuses with `not-found` or `not-allowed`. */
export async function readableCooperation(db: Db, actor: Actor, id: string): Promise<CooperationRow> {
  const cooperation = found(await readCooperation(db, actor.userId, id), 'cooperation');
  const roles = [cooperation.ownerRole, cooperation.partnerRole];
  if (!roles.some((role) => role !== null && isLeading(role))) {
    throw notAllowed(
      'Only Administrators and Moderators of the two organizations see their cooperation. Ask one of them.',
    );
  }
  return cooperation;
}

/**
 * Returns a cooperation that has not ended when the actor is Administrator of that side of it. Refuses with `not-found`,
 * `not-allowed` or `cooperation-state`.
 */
export async function managedCooperation(
  db: Db,
  actor: Actor,
  id: string,
  side: 'owner' | 'partner',
): Promise<CooperationRow> {
  const cooperation = found(await readCooperation(db, actor.userId, id), 'cooperation');
  demandSide(cooperation, side);
  if (cooperation.status === 'ended') {
    throw new Problem('cooperation-state', 'The cooperation has ended. Invite to a new one.');
  }
  return cooperation;
}

function demandSide(cooperation: CooperationRow, side: 'owner' | 'partner' | 'either'): void {
  const { ownerName, ownerRole, partnerName, partnerRole } = cooperation;
  if (side === 'either' && ownerRole === 'administrator') return;
  if (side === 'owner') demand('manage-cooperations', ownerRole, ownerName);
  else demand('manage-cooperations', partnerRole, partnerName);
}
