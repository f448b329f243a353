import { type JobRole, compareJobRoles } from '../../access/roles.ts';
import {
  type AssignmentRow,
  deleteAssignment,
  insertAssignment,
  readAssignment,
  updateAssignment,
} from '../../store/assignments.ts';
import { change } from '../../store/change.ts';
import type { CooperationRow } from '../../store/cooperations.ts';
import type { Tx } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { readMember } from '../../store/members.ts';
import { type ShareRow, readShare } from '../../store/shares.ts';
import { Problem } from '../../wire/problem.ts';
import type { AssignmentInput } from '../../wire/rest/cooperations.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { titleOf } from '../words.ts';
import { managedCooperation } from './manage-cooperations.ts';

/** Assigns a share to a member of the partner, by an Administrator of the partner and not above the cap (ACC-5). */
export async function assignShare(
  deps: Deps,
  actor: Actor,
  shareId: string,
  input: AssignmentInput,
): Promise<{ revision: number; value: AssignmentRow }> {
  return change(deps.db, async (tx, revision) => {
    const { share, cooperation } = await receivedShare(tx, actor, shareId);
    const { partnerId } = cooperation;
    if (cooperation.status === 'pending') {
      throw new Problem('cooperation-state', 'The cooperation is pending. Accept it first.');
    }
    const { userId } = found(await readMember(tx, partnerId, input.userId), 'member');
    refuseAboveCap(input.role, share.cap);
    const id = await insertAssignment(tx, { ...share, partnerId }, userId, input.role);
    await derive(tx, revision, { users: [userId] });
    return found(await readAssignment(tx, actor.userId, id), 'assignment');
  });
}

/** Gives an assignment another role, not above the cap. */
export async function changeAssignment(
  deps: Deps,
  actor: Actor,
  id: string,
  role: JobRole,
): Promise<{ revision: number; value: AssignmentRow }> {
  return change(deps.db, async (tx, revision) => {
    const assignment = found(await readAssignment(tx, actor.userId, id), 'assignment');
    const { share } = await receivedShare(tx, actor, assignment.shareId);
    refuseAboveCap(role, share.cap);
    await updateAssignment(tx, id, role);
    await derive(tx, revision, { users: [assignment.userId] });
    return { ...assignment, role, effectiveRole: role };
  });
}

/** Takes an assignment away. */
export async function withdrawAssignment(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  return change(deps.db, async (tx, revision) => {
    const assignment = found(await readAssignment(tx, actor.userId, id), 'assignment');
    await receivedShare(tx, actor, assignment.shareId);
    await deleteAssignment(tx, id);
    await derive(tx, revision, { users: [assignment.userId] });
  });
}

async function receivedShare(
  tx: Tx,
  actor: Actor,
  id: string,
): Promise<{ share: ShareRow; cooperation: CooperationRow }> {
  const share = found(await readShare(tx, actor.userId, id), 'share');
  return { share, cooperation: await managedCooperation(tx, actor, share.cooperationId, 'partner') };
}

function refuseAboveCap(role: JobRole, cap: JobRole): void {
  if (compareJobRoles(role, cap) <= 0) return;
  throw new Problem(
    'cap-exceeded',
    `The owner shares this up to ${titleOf(cap)}, and ${titleOf(role)} is above that. Assign ${titleOf(cap)} or less, or ask the owner to raise the cap.`,
  );
}
