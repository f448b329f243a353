import { change } from '../../store/change.ts';
import type { Tx } from '../../store/db.ts';
import { releaseAddresses } from '../../store/plants.ts';
import {
  type PortfolioRow,
  deletePortfolio,
  insertPortfolio,
  readPortfolio,
  renamePortfolio,
} from '../../store/portfolios.ts';
import type { PortfolioInput } from '../../wire/rest/portfolios.ts';
import type { Actor } from '../actor.ts';
import { inOrganization } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found, notAllowed } from '../refuse.ts';

/** Creates a portfolio in an organization (ACC-1). */
export async function createPortfolio(
  deps: Deps,
  actor: Actor,
  organizationId: string,
  input: PortfolioInput,
): Promise<Omit<PortfolioRow, 'organizationRole'>> {
  return deps.db.transaction().execute(async (tx) => {
    await inOrganization(tx, actor, organizationId, 'manage-portfolios');
    return insertPortfolio(tx, organizationId, input.name);
  });
}

/** Renames a portfolio. */
export async function changePortfolio(
  deps: Deps,
  actor: Actor,
  id: string,
  input: PortfolioInput,
): Promise<PortfolioRow> {
  return deps.db.transaction().execute(async (tx) => {
    const portfolio = await managedPortfolio(tx, actor, id);
    await renamePortfolio(tx, id, input.name);
    return { ...portfolio, name: input.name };
  });
}

/** Deletes a portfolio with its plants; their ranges go back to the pools, and all reach of them with them. */
export async function removePortfolio(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx) => {
    await managedPortfolio(tx, actor, id);
    await releaseAddresses(tx, { portfolioId: id }, now);
    await deletePortfolio(tx, id);
  });
}

/** Returns the portfolio when the actor may manage it and what is in it. Refuses with `not-found` or `not-allowed`. */
export async function managedPortfolio(tx: Tx, actor: Actor, id: string): Promise<PortfolioRow> {
  const portfolio = found(await readPortfolio(tx, actor.userId, id), 'portfolio');
  // A partner sees a portfolio that was shared, but not the organization that owns it.
  if (portfolio.organizationRole === null) {
    throw notAllowed(
      `${portfolio.name} belongs to another organization. Only its Administrators and Moderators may change it.`,
    );
  }
  await inOrganization(tx, actor, portfolio.organizationId, 'manage-portfolios');
  return portfolio;
}
