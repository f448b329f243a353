import type { Route } from '../access/routes.ts';

/** VPN-12. */
export type RouteStatus = 'active' | 'conflict' | 'unreachable' | 'paused';

/** What control knows of the way that a route's packets take. Revisions are 0 where nothing was confirmed yet. */
export interface Way {
  /** Revision that the gateways must hold: of the access, the subnet, the user's settings and certificate. */
  readonly gatewayRevision: number;
  /** Revision that the agent must hold: of the access and the subnet. */
  readonly agentRevision: number;
  /** `none` is enrolled, or what control last heard of it. */
  readonly agent: 'none' | 'silent' | 'live';
  readonly agentApplied: number;
  readonly liveGateways: number;
  /** The latest revision that a live gateway holds whose path to the agent carries probes; undefined when no path does. */
  readonly pathApplied: number | undefined;
}

/**
 * The status of a route and why, in a sentence (VPN-12): paused, else in conflict when it owns nothing of its network, else
 * active when a live gateway and the plant's live agent hold its revision and the path between them is up.
 */
export function routeStatus(route: Pick<Route, 'paused' | 'state'>, way: Way): { status: RouteStatus; reason: string } {
  if (route.paused) return { status: 'paused', reason: 'You paused it. Resume it to use it again.' };
  if (route.state === 'conflict') {
    return {
      status: 'conflict',
      reason: 'Another of your plants owns these addresses. Use this park to take them over, or use the alias.',
    };
  }
  const hindrance = hindranceOf(way);
  if (hindrance !== undefined) return { status: 'unreachable', reason: hindrance };
  if (route.state === 'owner') return { status: 'active', reason: 'Packets pass.' };
  return { status: 'active', reason: 'Packets pass, but for the parts that another of your plants owns.' };
}

function hindranceOf(way: Way): string | undefined {
  if (way.agent === 'none') return 'The plant has no agent. Enrol one.';
  if (way.agent === 'silent') return 'The plant’s agent is not connected.';
  if (way.agentApplied < way.agentRevision) return 'The plant’s agent has not confirmed the route yet.';
  if (way.liveGateways === 0) return 'No gateway is connected.';
  if (way.pathApplied === undefined) return 'No tunnel between a gateway and the plant’s agent carries packets.';
  if (way.pathApplied < way.gatewayRevision) return 'No gateway has confirmed the route yet.';
  return undefined;
}
