import type { JobRole } from '../../access/roles.ts';
import { assigneesOf } from '../../store/assignments.ts';
import { change } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { type ShareRow, deleteShare, insertShare, readShare, updateShare } from '../../store/shares.ts';
import type { ShareInput } from '../../wire/rest/cooperations.ts';
import type { Actor } from '../actor.ts';
import { ownedTarget } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';
import { managedCooperation } from './manage-cooperations.ts';

/** Shares a plant or portfolio of the owner into a cooperation, with a cap (ACC-5). It reaches nobody until assigned. */
export async function shareTarget(
  deps: Deps,
  actor: Actor,
  cooperationId: string,
  input: ShareInput,
): Promise<ShareRow> {
  const now = new Date(deps.clock.now());
  return deps.db.transaction().execute(async (tx) => {
    const cooperation = await managedCooperation(tx, actor, cooperationId, 'owner');
    const target = await ownedTarget(tx, actor, cooperation.ownerId, input, now);
    const id = await insertShare(tx, cooperation, target, input.cap);
    return found(await readShare(tx, actor.userId, id), 'share');
  });
}

/** Raises or lowers a share's cap. Lowered, it limits what is assigned already, at once. */
export async function changeCap(
  deps: Deps,
  actor: Actor,
  id: string,
  cap: JobRole,
): Promise<{ revision: number; value: ShareRow }> {
  return change(deps.db, async (tx, revision) => {
    const share = await managedShare(tx, actor, id);
    await updateShare(tx, id, cap);
    await derive(tx, revision, { users: await assigneesOf(tx, { shareId: id }) });
    return { ...share, cap };
  });
}

/** Takes a share back, with what was assigned of it. */
export async function withdrawShare(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  return change(deps.db, async (tx, revision) => {
    await managedShare(tx, actor, id);
    const assignees = await assigneesOf(tx, { shareId: id });
    await deleteShare(tx, id);
    await derive(tx, revision, { users: assignees });
  });
}

async function managedShare(tx: Tx, actor: Actor, id: string): Promise<ShareRow> {
  const share = found(await readShare(tx, actor.userId, id), 'share');
  await managedCooperation(tx, actor, share.cooperationId, 'owner');
  return share;
}
