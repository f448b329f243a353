import { change } from '../../store/change.ts';
import { pauseRoute, resumeRoute, takeRoute } from '../../store/routes.ts';
import type { RouteJson } from '../../wire/rest/routes.ts';
import type { Actor } from '../actor.ts';
import type { Deps } from '../deps.ts';
import { findOwnRoute } from './show-route.ts';

/** What a user does with a route: take the contested addresses (VPN-9), pause it, resume it (VPN-11). */
export type RouteVerb = 'use' | 'pause' | 'resume';

/** Does it with one of the actor's routes, and returns the route. Throws `route-not-yours`. */
export async function setRoute(
  deps: Deps,
  actor: Actor,
  subnetId: string,
  verb: RouteVerb,
): Promise<{ revision: number; route: RouteJson }> {
  const { userId } = actor;
  const { revision } = await change(deps.db, async (tx, taken) => {
    switch (verb) {
      case 'use':
        return takeRoute(tx, taken, userId, subnetId);
      case 'pause':
        return pauseRoute(tx, taken, userId, subnetId, new Date(deps.clock.now()));
      case 'resume':
        return resumeRoute(tx, taken, userId, subnetId);
    }
  });
  return { revision, route: await findOwnRoute(deps, actor, subnetId) };
}
