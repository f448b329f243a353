import type { Schemas } from '../../api/client.ts';
import type { State } from '../../ui/status.tsx';

type Plant = Schemas['Plant'];

/** What of the list is wanted; an empty text is everything. */
export interface PlantFilter {
  readonly text: string;
  readonly portfolioId: string;
  readonly state: string;
}

/** What a plant's agent means for whoever wants to reach it. */
export function agentState({ agent }: Pick<Plant, 'agent'>): State {
  if (agent === 'connected') return 'online';
  return agent === 'disconnected' ? 'down' : 'pending';
}

/** Those that every part of the filter fits; each word of the text must occur in a name. */
export function filterPlants(plants: readonly Plant[], { text, portfolioId, state }: PlantFilter): Plant[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return plants.filter((plant) => {
    if (portfolioId !== '' && plant.portfolio.id !== portfolioId) return false;
    if (state !== '' && agentState(plant) !== state) return false;
    const names = `${plant.name} ${plant.portfolio.name} ${plant.organization.name}`.toLocaleLowerCase();
    return words.every((word) => names.includes(word));
  });
}

/** The portfolios that occur, by name, as choices. */
export function portfoliosOf(
  plants: readonly Pick<Plant, 'portfolio' | 'organization'>[],
): { value: string; label: string }[] {
  const found = new Map(plants.map(({ portfolio, organization }) => [portfolio.id, { portfolio, organization }]));
  return [...found.values()]
    .map(({ portfolio, organization }) => ({ value: portfolio.id, label: `${organization.name}, ${portfolio.name}` }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
