import type { Schemas } from '../../api/client.ts';

export type Route = Schemas['Route'];

/** What of the routes is wanted; an empty text is everything. */
export interface RouteFilter {
  readonly text: string;
  readonly portfolioId: string;
  readonly status: string;
}

/** One range that several routes claim: it leads to the winner's plant; the losers own nothing of their network. */
export interface Fork {
  readonly range: string;
  /** Undefined when it is not among the routes known here. */
  readonly winner: Route | undefined;
  readonly ownerPlantName: string;
  readonly losers: readonly Route[];
}

/** A row of the list: a fork, the heading of a portfolio, or a route. */
export type RouteRow =
  | { readonly kind: 'fork'; readonly key: string; readonly fork: Fork }
  | { readonly kind: 'group'; readonly key: string; readonly organization: string; readonly portfolio: string }
  | { readonly kind: 'route'; readonly key: string; readonly route: Route };

/** The ranges that routes in conflict lost, each with its owner and all who lost it. */
export function forksOf(routes: readonly Route[]): Fork[] {
  const owners = new Map<string, Route>();
  for (const route of routes) for (const { range, mine } of route.contested) if (mine) owners.set(range, route);
  const forks = new Map<string, Omit<Fork, 'losers'> & { losers: Route[] }>();
  for (const route of routes.filter(({ status }) => status === 'conflict')) {
    for (const { range, mine, ownerPlantName } of route.contested) {
      if (mine) continue;
      const fork = forks.get(range) ?? { range, winner: owners.get(range), ownerPlantName, losers: [] };
      fork.losers.push(route);
      forks.set(range, fork);
    }
  }
  return [...forks.values()];
}

/** Whether a route fits every part of the filter; each word of the text must occur in a name or an address. */
export function fits(route: Route, { text, portfolioId, status }: RouteFilter): boolean {
  if (portfolioId !== '' && route.portfolio.id !== portfolioId) return false;
  if (status !== '' && route.status !== status) return false;
  const { plantName, portfolio, organization, network, alias } = route;
  const texts = [plantName, portfolio.name, organization.name, network, alias ?? ''].join(' ').toLocaleLowerCase();
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => texts.includes(word));
}

/** The rows that fit: conflicts first, then organization by organization, portfolio by portfolio, in the given order. */
export function rowsOf(routes: readonly Route[], filter: RouteFilter): RouteRow[] {
  const forks = forksOf(routes);
  // What a fork shows whole is not shown again below.
  const told = new Set(
    forks.flatMap(({ range, winner, losers }) => [...losers, ...(winner?.network === range ? [winner] : [])]),
  );
  const rows: RouteRow[] = forks
    .filter(({ winner, losers }) =>
      [...losers, ...(winner === undefined ? [] : [winner])].some((route) => fits(route, filter)),
    )
    .map((fork) => ({ kind: 'fork', key: `fork ${fork.range}`, fork }));
  const rest = routes.filter((route) => !told.has(route) && fits(route, filter));
  for (const [id, members] of Map.groupBy(rest, ({ portfolio }) => portfolio.id)) {
    const [first] = members;
    if (first === undefined) continue;
    rows.push({
      kind: 'group',
      key: `group ${id}`,
      organization: first.organization.name,
      portfolio: first.portfolio.name,
    });
    rows.push(...members.map((route): RouteRow => ({ kind: 'route', key: route.subnetId, route })));
  }
  return rows;
}

/** How many routes there are of each status. */
export function countsOf(routes: readonly Route[]): Readonly<Record<Route['status'], number>> {
  const counts = { active: 0, conflict: 0, unreachable: 0, paused: 0 };
  for (const { status } of routes) counts[status] += 1;
  return counts;
}
