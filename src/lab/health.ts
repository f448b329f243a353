import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../cli/client.ts';
import { agentSchema } from '../wire/rest/agents.ts';
import { plantSchema } from '../wire/rest/plants.ts';
import { gatewaySchema } from '../wire/rest/platform.ts';
import { subnetSchema } from '../wire/rest/subnets.ts';
import { PLANTS } from './seed/installation.ts';
import type { Apis } from './seed/seed.ts';

const CONTROL_WITHIN_MS = 90_000;
const HEALTHY_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** What control says about gateways and plants. */
export interface Installation {
  readonly gateways: readonly {
    readonly name: string;
    readonly endpoint: string | null;
    readonly state: string;
    readonly applied: number | null;
  }[];
  readonly plants: readonly PlantReport[];
}

export interface PlantReport {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly organization: string;
  readonly portfolio: string;
  readonly host: string;
  readonly subnets: readonly { readonly network: string; readonly alias: string | null }[];
  readonly devices: readonly { readonly name: string; readonly host: string; readonly address: string }[];
  readonly agent: {
    readonly state: string;
    readonly paths: readonly { readonly gateway: string; readonly up: boolean }[];
  };
}

/** Asks control, as the platform administrator and as an administrator of every plant-owning organization. */
export async function ask(platform: Api, administrators: readonly Api[]): Promise<Installation> {
  const [gateways, plants] = await Promise.all([
    platform.list('/platform/gateways', gatewaySchema),
    Promise.all(administrators.map(plantsOf)),
  ]);
  const reports = gateways.value.map(({ name, endpoint, state, applied }) => ({ name, endpoint, state, applied }));
  return { gateways: reports, plants: plants.flat() };
}

/** What is still missing until everything works; undefined when nothing is. */
export function missing({ gateways, plants }: Installation, expected: readonly string[]): string | undefined {
  const silent = expected.filter((name) => gateways.find((gateway) => gateway.name === name)?.state !== 'connected');
  if (silent.length > 0) return `gateway ${silent.join(', ')}`;
  for (const { slug, enrolled } of PLANTS) {
    const agent = plants.find((plant) => plant.slug === slug)?.agent;
    if (!enrolled) continue;
    if (agent?.state !== 'connected') return `agent of ${slug}`;
    const dark = expected.filter((name) => !agent.paths.some((path) => path.gateway === name && path.up));
    if (dark.length > 0) return `path from ${dark.join(', ')} to ${slug}`;
  }
  return undefined;
}

async function plantsOf(administrator: Api): Promise<PlantReport[]> {
  const { value } = await administrator.list('/plants', plantSchema);
  const own = value.flatMap((plant) =>
    PLANTS.filter((seed) => seed.name === plant.name).map((seed) => ({ plant, seed })),
  );
  return Promise.all(
    own.map(async ({ plant, seed }) => {
      const [agent, subnets] = await Promise.all([
        administrator.get(`/plants/${plant.id}/agent`, agentSchema),
        administrator.list(`/plants/${plant.id}/subnets`, subnetSchema),
      ]);
      return {
        id: plant.id,
        slug: seed.slug,
        name: plant.name,
        organization: plant.organization.name,
        portfolio: plant.portfolio.name,
        host: `plant-${seed.slug}`,
        subnets: subnets.value.map(({ network, alias }) => ({ network, alias })),
        devices: seed.devices.map(({ name, address }) => ({ name, host: `${name}.${seed.slug}`, address })),
        agent: { state: agent.value.state, paths: agent.value.paths.map(({ gateway, up }) => ({ gateway, up })) },
      };
    }),
  );
}

/** Waits until control says that every gateway and agent is connected and every path is up. Throws with what lacks, or when it is given up. */
export async function healthy(
  apis: Apis,
  gateways: readonly string[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + HEALTHY_WITHIN_MS;
  let last: string | undefined;
  for (;;) {
    const installation = await ask(apis.platform, apis.administrators).catch(() => undefined);
    const lacks = installation === undefined ? 'control' : missing(installation, gateways);
    if (lacks === undefined) return;
    if (lacks !== last) say(`waiting for ${lacks}`);
    if (performance.now() > until) throw new Error(`The lab is not healthy: still waiting for ${lacks}.`);
    last = lacks;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Waits until control and its database answer. Throws when they do not, or when it is given up. */
export async function controlAnswers(url: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + CONTROL_WITHIN_MS;
  while (performance.now() < until) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new Error('Control does not answer.');
}
