import { assigneesOf } from '../../store/assignments.ts';
import type { Tx } from '../../store/db.ts';
import type { Touched } from '../../store/effects.ts';
import { organizationTouched, plantsBelow, userOf } from '../../store/touched.ts';
import type { ChangeJson } from '../../wire/rest/previews.ts';

type Kind = ChangeJson['kind'];
type Finder<K extends Kind> = (tx: Tx, change: Extract<ChangeJson, { kind: K }>) => Promise<Touched>;

const NOBODY: Touched = { users: [], plants: [] };

const ofUser = async (_tx: Tx, { userId }: { readonly userId: string }): Promise<Touched> => users([userId]);
const ofGrant = (tx: Tx, { id }: { readonly id: string }): Promise<Touched> => userOf(tx, 'grants', id);
const ofAssignment = (tx: Tx, { id }: { readonly id: string }): Promise<Touched> => userOf(tx, 'assignments', id);
const ofShare = async (tx: Tx, { id }: { readonly id: string }): Promise<Touched> =>
  users(await assigneesOf(tx, { shareId: id }));
const ofPlant = (tx: Tx, { id }: { readonly id: string }): Promise<Touched> => plantsBelow(tx, 'id', id);

/** The same that each use case derives for. */
const FINDERS: { readonly [K in Kind]: Finder<K> } = {
  'add-grant': ofUser,
  'change-grant': ofGrant,
  'remove-grant': ofGrant,
  'change-member': ofUser,
  'remove-member': ofUser,
  'step-cooperation': async (tx, { id }) => users(await assigneesOf(tx, { cooperationId: id })),
  'change-share': ofShare,
  'remove-share': ofShare,
  'add-assignment': ofUser,
  'change-assignment': ofAssignment,
  'remove-assignment': ofAssignment,
  'move-plant': ofPlant,
  'remove-plant': ofPlant,
  'remove-portfolio': (tx, { id }) => plantsBelow(tx, 'portfolio_id', id),
  'remove-subnet': async () => NOBODY,
  'remove-organization': (tx, { id }) => organizationTouched(tx, id),
  'remove-user': async (_tx, { id }) => users([id]),
  'use-route': async () => NOBODY,
};

/** Whose roles a change can touch. */
export async function touchedBy<K extends Kind>(
  tx: Tx,
  kind: K,
  change: Extract<ChangeJson, { kind: K }>,
): Promise<Touched> {
  return FINDERS[kind](tx, change);
}

function users(ids: readonly string[]): Touched {
  return { users: ids, plants: [] };
}
