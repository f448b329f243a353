import { PLANTS, plantsOf } from './plants.ts';
import { type AnswerOf, type Handlers, type MockCall, MockProblem } from './types.ts';

type Route = AnswerOf<'useRoute'>;
type Status = Route['status'];

const RANGE = '192.168.1.0/24';
const INSIDE = '10.17.0.0/16';
const REASONS: Readonly<Record<Status, string>> = {
  active: 'Packets pass.',
  conflict: 'Another of your plants owns these addresses. Use this park to take them over, or use the alias.',
  unreachable:
    'No tunnel between a gateway and the plant’s agent carries packets: probably the agent is off, it is not connected.',
  paused: 'You paused it.',
};

/** What was changed in this session. */
let owner = 'Solarpark Brandis';
const paused = new Map<string, boolean>([['172.20.5.0/24', true]]);

/** Plant, network, alias: as in the design's pictures. */
const SUBNETS: readonly (readonly [string, string, string | null])[] = [
  ['Battery Döbeln', '10.16.0.0/12', null],
  ['Solarpark Brandis', RANGE, '100.97.14.0/24'],
  ['Solar Almería', INSIDE, '100.98.0.0/16'],
  ['Windpark Angermünde', '172.20.4.0/24', '100.97.40.0/24'],
  ['Windpark Angermünde', '172.20.5.0/24', '100.97.41.0/24'],
  ['Windpark Prenzlau', RANGE, '100.97.15.0/24'],
  ['Windpark Templin', '10.40.8.0/24', '100.97.52.0/24'],
];

function contestedOf(plantName: string, network: string): Route['contested'] {
  const part = (range: string, name: string) => {
    const ownerPlantId = PLANTS.find((plant) => plant.name === name)?.id ?? '';
    return [{ range, ownerPlantId, ownerPlantName: name, mine: plantName === name }];
  };
  if (network === RANGE) return part(RANGE, owner);
  return network === INSIDE || network === '10.16.0.0/12' ? part(INSIDE, 'Solar Almería') : [];
}

function routesOf(call: Pick<MockCall, 'as' | 'isEmpty' | 'size'>): Route[] {
  const plants = plantsOf(call);
  const more = plants
    .slice(PLANTS.length)
    .map(({ name }, n): (typeof SUBNETS)[number] => [
      name,
      `10.${String(64 + (n >> 8))}.${String(n & 255)}.0/24`,
      `100.${String(99 + (n >> 8))}.${String(n & 255)}.0/24`,
    ]);
  return [...SUBNETS, ...more].flatMap(([name, network, alias], index): Route[] => {
    const plant = plants.find((one) => one.name === name);
    if (plant === undefined) return [];
    const isPaused = paused.get(network) ?? false;
    const isLost = network === RANGE && owner !== name;
    const working: Status = isLost ? 'conflict' : plant.agent === 'connected' ? 'active' : 'unreachable';
    const status: Status = isPaused ? 'paused' : working;
    return [
      {
        subnetId: `00000000-0000-4000-8000-${String(5000 + index).padStart(12, '0')}`,
        plantId: plant.id,
        plantName: plant.name,
        portfolio: plant.portfolio,
        organization: plant.organization,
        network,
        alias,
        status,
        reason: REASONS[status],
        contested: contestedOf(name, network),
        paused: isPaused,
        since: 1,
        revision: 4711,
      },
    ];
  });
}

function change(call: MockCall, make: (route: Route) => void): Route {
  const find = () => routesOf(call).find(({ subnetId }) => subnetId === call.params['subnetId']);
  const before = find();
  if (before === undefined) throw new MockProblem(404, 'route-not-yours', 'List your routes to see which there are.');
  make(before);
  return find() ?? before;
}

export const routeHandlers: Handlers = {
  listRoutes: (call) => {
    const status = call.query.get('status');
    const all = routesOf(call).filter((route) => status === null || route.status === status);
    const from = Number(call.query.get('cursor') ?? 0);
    const to = from + Number(call.query.get('limit') ?? 50);
    return { items: all.slice(from, to), next: to < all.length ? String(to) : null };
  },
  useRoute: (call) =>
    change(call, ({ plantName }) => {
      owner = plantName;
    }),
  pauseRoute: (call) => change(call, ({ network }) => paused.set(network, true)),
  resumeRoute: (call) => change(call, ({ network }) => paused.set(network, false)),
};
