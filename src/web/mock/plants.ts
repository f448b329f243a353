import { ORGANIZATIONS } from './people.ts';
import type { AnswerOf, Handlers, MockCall } from './types.ts';

type Plant = AnswerOf<'listPlants'>['items'][number];

const saxony = { id: '00000000-0000-4000-8000-0000000000b1', name: 'Saxony' };
const andalusia = { id: '00000000-0000-4000-8000-0000000000b2', name: 'Andalusia' };
const uckermark = { id: '00000000-0000-4000-8000-0000000000b3', name: 'Uckermark' };

function plant(
  no: number,
  name: string,
  organization: Plant['organization'],
  portfolio: Plant['portfolio'],
  agent: Plant['agent'],
  role: Plant['role'] = 'operator',
): Plant {
  const id = `00000000-0000-4000-8000-${String(no).padStart(12, '0')}`;
  return { id, name, organization, portfolio, agent, role, createdAt: '2026-03-02T09:00:00.000Z' };
}

/** The plants of the design's pictures. */
export const PLANTS: readonly Plant[] = [
  plant(1001, 'Solarpark Brandis', ORGANIZATIONS.sunfield, saxony, 'connected'),
  plant(1002, 'Battery Döbeln', ORGANIZATIONS.sunfield, saxony, 'connected'),
  plant(1003, 'Solar Almería', ORGANIZATIONS.sunfield, andalusia, 'connected'),
  plant(1004, 'Windpark Angermünde', ORGANIZATIONS.nordwind, uckermark, 'connected'),
  plant(1005, 'Windpark Prenzlau', ORGANIZATIONS.nordwind, uckermark, 'connected'),
  plant(1006, 'Windpark Templin', ORGANIZATIONS.nordwind, uckermark, 'disconnected', 'technical_manager'),
  plant(1007, 'Solarpark Grimma', ORGANIZATIONS.sunfield, saxony, 'none', 'viewer'),
];

/** The plants that whoever is signed in may see; `?size=` makes more. */
export function plantsOf({ as, isEmpty, size }: Pick<MockCall, 'as' | 'isEmpty' | 'size'>): readonly Plant[] {
  if (isEmpty || as === 'platform') return [];
  const more = Array.from({ length: Math.max(0, size - PLANTS.length) }, (_, n) =>
    plant(
      2000 + n,
      `Solarpark ${String(n + 1)}`,
      ORGANIZATIONS.sunfield,
      n % 2 === 0 ? saxony : andalusia,
      'connected',
    ),
  );
  return [...PLANTS, ...more].filter(
    ({ organization }) => as !== 'administrator' || organization.id === ORGANIZATIONS.sunfield.id,
  );
}

export const plantHandlers: Handlers = {
  listPlants: (call) => {
    const from = Number(call.query.get('cursor') ?? 0);
    const to = from + Number(call.query.get('limit') ?? 50);
    const all = plantsOf(call);
    return { items: all.slice(from, to), next: to < all.length ? String(to) : null };
  },
};
