/** Cooperations between two organizations (ACC-5). The members of both see one; what each may do is their role's. */
import type { CooperationStatus, OrganizationRole } from '../access/roles.ts';
import { Problem } from '../wire/problem.ts';
import type { Db, Tx } from './db.ts';
import { type Window, behind } from './page.ts';
import { refusing } from './violation.ts';

export interface CooperationRow {
  readonly id: string;
  readonly ownerId: string;
  readonly ownerName: string;
  readonly partnerId: string;
  readonly partnerName: string;
  readonly status: CooperationStatus;
  readonly statusSince: Date;
  readonly createdAt: Date;
  /** The reader's role in the organization that shares, or null. */
  readonly ownerRole: OrganizationRole | null;
  /** The reader's role in the organization that receives, or null. */
  readonly partnerRole: OrganizationRole | null;
}

/** The cooperations of one organization, by the owner's name; none when the reader is no member of it. */
export async function listCooperations(
  db: Db,
  readerId: string,
  organizationId: string,
  window: Window,
): Promise<CooperationRow[]> {
  return seen(db, readerId)
    .where((eb) =>
      eb.or([
        eb.and([eb('c.owner_id', '=', organizationId), eb('om.role', 'is not', null)]),
        eb.and([eb('c.partner_id', '=', organizationId), eb('pm.role', 'is not', null)]),
      ]),
    )
    .where(behind(window, 'o.name', 'c.id'))
    .orderBy('o.name')
    .orderBy('c.id')
    .limit(window.limit)
    .execute();
}

/** One cooperation, or undefined when the reader is a member of neither side. */
export async function readCooperation(db: Db, readerId: string, id: string): Promise<CooperationRow | undefined> {
  return seen(db, readerId).where('c.id', '=', id).executeTakeFirst();
}

/** Adds a pending cooperation and returns its id. Throws `cooperation-exists` while there is one that has not ended. */
export async function insertCooperation(
  tx: Tx,
  cooperation: {
    readonly ownerId: string;
    readonly partner: { readonly id: string; readonly name: string };
    readonly invitedBy: string;
  },
  now: Date,
): Promise<string> {
  const { ownerId, partner, invitedBy } = cooperation;
  const values = { owner_id: ownerId, partner_id: partner.id, invited_by: invitedBy };
  const { id } = await refusing(
    () =>
      tx
        .insertInto('cooperations')
        .values({ ...values, created_at: now, status_since: now })
        .returning('id')
        .executeTakeFirstOrThrow(),
    {
      cooperations_live: () =>
        new Problem(
          'cooperation-exists',
          `There is a cooperation with ${partner.name} that has not ended. Share into that one.`,
        ),
    },
  );
  return id;
}

/** Puts a cooperation into another state; `acceptedBy` is set on acceptance. Derive for its assignees afterwards. */
export async function updateCooperation(
  tx: Tx,
  id: string,
  change: { readonly status: CooperationStatus; readonly acceptedBy?: string },
  now: Date,
): Promise<void> {
  await tx
    .updateTable('cooperations')
    .set({
      status: change.status,
      status_since: now,
      ...(change.acceptedBy === undefined ? {} : { accepted_by: change.acceptedBy }),
    })
    .where('id', '=', id)
    .execute();
}

function seen(db: Db, readerId: string) {
  return db
    .selectFrom('cooperations as c')
    .innerJoin('organizations as o', 'o.id', 'c.owner_id')
    .innerJoin('organizations as p', 'p.id', 'c.partner_id')
    .leftJoin('memberships as om', (join) =>
      join.onRef('om.organization_id', '=', 'c.owner_id').on('om.user_id', '=', readerId),
    )
    .leftJoin('memberships as pm', (join) =>
      join.onRef('pm.organization_id', '=', 'c.partner_id').on('pm.user_id', '=', readerId),
    )
    .select([
      'c.id',
      'o.id as ownerId',
      'o.name as ownerName',
      'p.id as partnerId',
      'p.name as partnerName',
      'c.status',
      'c.status_since as statusSince',
      'c.created_at as createdAt',
      'om.role as ownerRole',
      'pm.role as partnerRole',
    ])
    .where((eb) => eb.or([eb('om.role', 'is not', null), eb('pm.role', 'is not', null)]));
}
