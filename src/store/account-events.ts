/** What happened to accounts, and by whom (USR-4). Rows are only added. */
import type { Db, Tx } from './db.ts';

export type AccountEventKind =
  | 'second-factor-on'
  | 'second-factor-off'
  | 'second-factor-recovered'
  | 'second-factor-reset'
  | 'identity-linked'
  | 'identity-unlinked'
  | 'sessions-ended'
  | 'password-changed'
  | 'password-reset'
  | 'reset-link-made';

export interface AccountEvent {
  readonly kind: AccountEventKind;
  /** Whose account it is. */
  readonly userId: string;
  /** Who did it; null when it was whoever held a link. */
  readonly actorId: string | null;
  /** By which organization's role, when it was not the person. */
  readonly organizationId?: string;
  readonly source?: string;
}

/** Records an event. In the transaction of what it tells of: neither is there without the other. */
export async function insertEvent(db: Db | Tx, event: AccountEvent, at: Date): Promise<void> {
  await db
    .insertInto('account_events')
    .values({
      at,
      kind: event.kind,
      user_id: event.userId,
      actor_id: event.actorId,
      organization_id: event.organizationId ?? null,
      source: event.source ?? null,
      detail: '{}',
    })
    .execute();
}
