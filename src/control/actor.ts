import type { SessionFactor } from '../store/schema.ts';
import type { Scope } from '../wire/rest/tokens.ts';

/** How a request proved who it is. An API token hands its own limits on to what it makes (ACC-8). */
export type Via =
  | {
      readonly kind: 'session';
      readonly id: string;
      /** Held by a browser. */
      readonly cookie: boolean;
      readonly secondFactor: SessionFactor;
      readonly createdAt: Date;
      readonly idleUntil: Date;
      readonly expiresAt: Date;
    }
  | {
      readonly kind: 'token';
      readonly id: string;
      readonly expiresAt: Date | null;
      readonly networks: readonly string[];
    };

/** Who asks. Every use case takes one, and every store function that reads for a person takes its `userId`. */
export interface Actor {
  readonly userId: string;
  /** Runs the installation (ACC-7). False for an API token without the scope `platform`, whoever its owner is. */
  readonly platformAdministrator: boolean;
  readonly scopes: 'all' | readonly Scope[];
  readonly via: Via;
}

/** Whether the actor may use what needs `scope`. `manage` includes `read`; nothing else includes another. */
export function hasScope(actor: Actor, scope: Scope): boolean {
  if (actor.scopes === 'all' || actor.scopes.includes(scope)) return true;
  return scope === 'read' && actor.scopes.includes('manage');
}
