import { findCertificate, revokeCertificate } from '../../store/certificates.ts';
import { change } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import { derive } from '../../store/derive.ts';
import { soleAdministratorOf } from '../../store/members.ts';
import { countPlatformAdministrators, deleteUser, findUser } from '../../store/users.ts';
import { Problem } from '../../wire/problem.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { found } from '../refuse.ts';

/**
 * Deletes a user: all that lets them in, and all they reach, ends in this transaction (ACC-9). One may delete oneself, a
 * platform administrator anybody. Refuses with `last-administrator` to leave an organization or the installation without one.
 */
export async function removeUser(deps: Deps, actor: Actor, userId: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    const isTheirs = actor.platformAdministrator || actor.userId === userId;
    const user = found(isTheirs ? await findUser(tx, userId) : undefined, 'user');
    await refuseIfLast(tx, user);
    if ((await findCertificate(tx, userId)) !== undefined) await revokeCertificate(tx, revision, userId, now);
    await deleteUser(tx, userId, now);
    await derive(tx, revision, { users: [userId] });
  });
}

async function refuseIfLast(tx: Tx, user: { id: string; platformAdministrator: boolean }): Promise<void> {
  const [organization] = await soleAdministratorOf(tx, user.id);
  if (organization !== undefined) {
    throw new Problem('last-administrator', `Make somebody else Administrator of "${organization.name}" first.`);
  }
  if (user.platformAdministrator && (await countPlatformAdministrators(tx)) < 2) {
    throw new Problem('last-administrator', 'This is the only platform administrator of the installation.');
  }
}
