import { change } from '../../store/change.ts';
import { derive } from '../../store/derive.ts';
import {
  type PlantRow,
  deletePlant,
  insertPlant,
  readPlant,
  releaseAddresses,
  updatePlant,
} from '../../store/plants.ts';
import type { PlantInput, PlantPatch } from '../../wire/rest/plants.ts';
import type { Actor } from '../actor.ts';
import { asOwnerOf } from '../authorize.ts';
import type { Deps } from '../deps.ts';
import { found, notAllowed } from '../refuse.ts';
import { managedPortfolio } from './manage-portfolios.ts';

/** Creates a plant in a portfolio. Whoever has a role by the portfolio or leads the organization has it at once (ACC-3, ACC-4). */
export async function createPlant(
  deps: Deps,
  actor: Actor,
  portfolioId: string,
  input: PlantInput,
): Promise<{ revision: number; value: PlantRow }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    const portfolio = await managedPortfolio(tx, actor, portfolioId);
    const { id, no } = await insertPlant(tx, portfolio, input.name);
    await derive(tx, revision, { plants: [no] });
    return found(await readPlant(tx, actor.userId, id, now), 'plant');
  });
}

/** Renames a plant or moves it to another portfolio of its organization, which changes who has a role on it. */
export async function changePlant(
  deps: Deps,
  actor: Actor,
  id: string,
  patch: PlantPatch,
): Promise<{ revision: number; value: PlantRow }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx, revision) => {
    const plant = await asOwnerOf(tx, actor, id, now);
    const { name = plant.name, portfolioId = plant.portfolioId } = patch;
    const portfolio = await managedPortfolio(tx, actor, portfolioId);
    if (portfolio.organizationId !== plant.organizationId) {
      throw notAllowed(`${portfolio.name} belongs to another organization. A plant moves within its own only.`);
    }
    await updatePlant(tx, id, { name, portfolioId });
    await derive(tx, revision, { plants: [plant.no] });
    return found(await readPlant(tx, actor.userId, id, now), 'plant');
  });
}

/** Deletes a plant; its ranges go back to the pools, and all reach of it goes with it. */
export async function removePlant(deps: Deps, actor: Actor, id: string): Promise<{ revision: number }> {
  const now = new Date(deps.clock.now());
  return change(deps.db, async (tx) => {
    await asOwnerOf(tx, actor, id, now);
    await releaseAddresses(tx, { plantId: id }, now);
    await deletePlant(tx, id);
  });
}
