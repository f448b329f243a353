import type { Route } from '../access/routes.ts';
import { type Cidr, formatCidr } from '../net/cidr.ts';
import { whyNoAlias } from './ranges.ts';

/** VPN-12. */
export type RouteStatus = 'active' | 'conflict' | 'unreachable' | 'paused';

/** What control knows of the way that a route's packets take. Revisions are 0 where nothing was confirmed yet. */
export interface Way {
  /** Revision that the gateways must hold: of the access, the subnet, the user's settings and certificate. */
  readonly gatewayRevision: number;
  /** Revision that the agent must hold: of the access and the subnet. */
  readonly agentRevision: number;
  /** `none` is enrolled, or whether its connection to control is alive. */
  readonly agent: 'none' | 'silent' | 'live';
  readonly agentApplied: number;
  readonly liveGateways: number;
  /** The latest revision that a live gateway holds whose path to the agent carries probes; undefined when no path does. */
  readonly pathApplied: number | undefined;
}

/** A part of a route's network that another of the user's plants owns. */
export interface Lost {
  readonly range: Cidr;
  readonly owner: { readonly name: string };
}

/** So many lost parts are named. */
const NAMED = 3;

/**
 * The status of a route and why, in a sentence (VPN-12): paused, else in conflict when it owns nothing of its network, else
 * active when a path between a live gateway and the plant's agent is up and both hold its revision. That path alone proves
 * that the agent lives, for the agent answers its probes; whether it reaches control as well moves no packet.
 */
export function routeStatus(
  route: Pick<Route, 'paused' | 'state' | 'network'> & { readonly alias: Cidr | null },
  way: Way,
  lost: readonly Lost[],
): { status: RouteStatus; reason: string } {
  if (route.paused) return { status: 'paused', reason: 'You paused it. Resume it to use it again.' };
  if (route.state === 'conflict') return { status: 'conflict', reason: conflictOf(route) };
  const hindrance = hindranceOf(way);
  if (hindrance !== undefined) return { status: 'unreachable', reason: hindrance };
  if (route.state === 'owner') return { status: 'active', reason: 'Packets pass.' };
  return { status: 'active', reason: `Packets pass, but for ${partsOf(lost)}.` };
}

function conflictOf({ network, alias }: { readonly network: Cidr; readonly alias: Cidr | null }): string {
  const sentence = 'Another of your plants owns these addresses. Use this park to take them over';
  return alias !== null ? `${sentence}, or use the alias.` : `${sentence}. ${whyNoAlias(network.length)}`;
}

function partsOf(lost: readonly Lost[]): string {
  const named = lost.slice(0, NAMED).map(({ range, owner }) => `${formatCidr(range)}, which ${owner.name} owns`);
  return [...named, ...(lost.length > NAMED ? [`${lost.length - NAMED} more parts`] : [])].join('; ');
}

function hindranceOf(way: Way): string | undefined {
  if (way.agent === 'none') return 'The plant has no agent. Enrol one.';
  if (way.liveGateways === 0) return 'No gateway is connected.';
  if (way.pathApplied === undefined) {
    const sentence = 'No tunnel between a gateway and the plant’s agent carries packets';
    return way.agent === 'live' ? `${sentence}.` : `${sentence}: probably the agent is off, it is not connected.`;
  }
  if (way.agentApplied < way.agentRevision) return 'The plant’s agent has not confirmed the route yet.';
  if (way.pathApplied < way.gatewayRevision) return 'No gateway has confirmed the route yet.';
  return undefined;
}
