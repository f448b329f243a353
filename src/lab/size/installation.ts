/**
 * `lab/size` owns installations of any size: what is in one is described from a seed and a number of routes, purely, and loaded
 * through SQL behind the API. Benches, tests and `parkway lab up --size` use the same. Nobody holds the private keys of its people
 * and agents, and nobody can sign in: they are what is installed beside the few that are live.
 *
 * This file: the description.
 */
import { giveAccess } from './access.ts';
import type { Installation } from './model.ts';
import { layOut } from './organizations.ts';
import { staff } from './people.ts';
import { scaleOf } from './scale.ts';

/** What an installation is described from. */
export interface Size {
  /** How many routes: pairs of a person with a certificate and a subnet that they reach. */
  readonly size: number;
  /** Any whole number; the same gives the same installation. */
  readonly seed: number;
}

/**
 * Describes an installation: organizations of different sizes, portfolios, plants with networks that overlap as in life, people,
 * roles, cooperations, certificates, pauses and choices. Pure. `routes` of the result says how many there are: `size` of them,
 * unless the operators have too few plants for that. Throws RangeError for a size that is not from SMALLEST to LARGEST.
 */
export function describeInstallation({ size, seed }: Size): Installation {
  const scale = scaleOf(size);
  // About a change per plant and two per person: when things came to be is spread over as many revisions.
  const changes = scale.plants + 2 * scale.holders;
  const estate = layOut(seed, scale, changes);
  const people = staff(seed, scale, estate, changes);
  const access = giveAccess(seed, scale, estate, people, changes);
  const { organizations, portfolios, plants, subnets, devices } = estate;
  return {
    organizations,
    portfolios,
    plants,
    subnets,
    devices,
    people: people.people,
    certificates: people.certificates,
    memberships: people.memberships,
    ...access,
    changes,
  };
}
