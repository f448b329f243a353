import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Facts, effectiveRole, sourcesOn } from '../../access/roles.ts';
import { cidr, compareCidr, contains, lastOf, overlaps, sizeOf } from '../../net/cidr.ts';
import { DEFAULT_POOLS, subnetProblem } from '../../net/pools.ts';
import { describeInstallation } from './installation.ts';
import type { Installation } from './model.ts';
import { rangesOf } from './ranges.ts';
import { LARGEST, SMALLEST } from './scale.ts';

const million = describeInstallation({ size: 1_000_000, seed: 1 });

function digest(installation: Installation): string {
  return createHash('sha256').update(JSON.stringify(installation)).digest('hex');
}

/** How many routes there must be: counted from the roles by `access`, for everybody and every plant. */
function routesByRoles(installation: Installation): number {
  const { people, plants, certificates } = installation;
  const facts: Facts = {
    users: people.map((_, n) => ({ id: `u${n}`, deleted: false })),
    memberships: installation.memberships.map(({ organization, person, role }) => ({
      organizationId: `o${organization}`,
      userId: `u${person}`,
      role,
    })),
    portfolios: installation.portfolios.map(({ organization }, n) => ({
      id: `f${n}`,
      organizationId: `o${organization}`,
    })),
    plants: plants.map(({ organization, portfolio }, n) => ({
      id: `p${n}`,
      organizationId: `o${organization}`,
      portfolioId: `f${portfolio}`,
    })),
    grants: installation.grants.map(({ organization, person, on, role }, n) => ({
      id: `g${n}`,
      organizationId: `o${organization}`,
      userId: `u${person}`,
      role,
      portfolioId: 'portfolio' in on ? `f${on.portfolio}` : null,
      plantId: 'plant' in on ? `p${on.plant}` : null,
    })),
    cooperations: installation.cooperations.map(({ owner, partner, status }, n) => ({
      id: `c${n}`,
      ownerId: `o${owner}`,
      partnerId: `o${partner}`,
      status,
    })),
    shares: installation.shares.map(({ cooperation, on, cap }, n) => ({
      id: `s${n}`,
      cooperationId: `c${cooperation}`,
      ownerId: `o${installation.cooperations[cooperation]?.owner}`,
      cap,
      portfolioId: 'portfolio' in on ? `f${on.portfolio}` : null,
      plantId: 'plant' in on ? `p${on.plant}` : null,
    })),
    assignments: installation.assignments.map(({ share, person, role }, n) => ({
      id: `a${n}`,
      shareId: `s${share}`,
      cooperationId: `c${installation.shares[share]?.cooperation}`,
      partnerId: `o${installation.cooperations[installation.shares[share]?.cooperation ?? -1]?.partner}`,
      userId: `u${person}`,
      role,
    })),
  };
  return certificates
    .flatMap(({ person }) => plants.map(({ subnets }, n) => ({ person, n, count: subnets.count })))
    .filter(({ person, n }) => effectiveRole(sourcesOn(facts, `u${person}`, `p${n}`)) === 'operator')
    .reduce((sum, { count }) => sum + count, 0);
}

describe('an installation of a size', () => {
  it('is the same for the same seed and size, and another for another', () => {
    const [first, ...others] = [
      { size: 10_000, seed: 1 },
      { size: 10_000, seed: 1 },
      { size: 10_000, seed: 2 },
      { size: 10_001, seed: 1 },
    ].map((size) => digest(describeInstallation(size)));
    expect(others.map((other) => other === first)).toEqual([true, false, false]);
  });

  it.each([100, 250, 1000, 10_000, 54_321, 100_000, 300_000])('has exactly %d routes', (size) => {
    for (let seed = 1; seed <= 5; seed += 1) expect(describeInstallation({ size, seed }).routes).toBe(size);
  });

  it('counts its routes as access does, from the roles alone (ACC-3 to 6)', () => {
    for (const seed of [1, 2, 3]) {
      const installation = describeInstallation({ size: 300, seed });
      expect(installation.routes).toBe(routesByRoles(installation));
    }
  });

  it('at a million: 10,000 people with certificates, 10,000 plants, about 100 routes each, few large operators and many small', () => {
    expect(million.routes).toBe(1_000_000);
    expect(million.certificates).toHaveLength(10_000);
    expect(million.plants).toHaveLength(10_000);
    const sizes = million.organizations.map(({ plants }) => plants.count).filter((count) => count > 0);
    expect(sizes.filter((count) => count >= 300).length).toBeLessThan(10);
    expect(Math.max(...sizes)).toBeGreaterThan(2000);
    expect(sizes.filter((count) => count < 60).length).toBeGreaterThan(200);
    expect(Math.max(...million.portfolios.map(({ plants }) => plants.count))).toBeLessThanOrEqual(1000);
  });

  it('has networks that a plant may have, disjoint within a plant, of few lengths, and often the same ones', () => {
    const lengths = new Set(million.subnets.map(({ network }) => network.length));
    expect([...lengths].sort((a, b) => a - b)).toEqual([16, 22, 23, 24, 25, 26, 27, 28]);
    expect(million.subnets.filter(({ network }) => subnetProblem(network, DEFAULT_POOLS) !== undefined)).toEqual([]);
    for (const { subnets } of million.plants) {
      const own = million.subnets.slice(subnets.first, subnets.first + subnets.count);
      const clashes = own.flatMap((a, n) => own.slice(n + 1).filter((b) => overlaps(a.network, b.network)));
      expect(clashes).toEqual([]);
    }
    const usual = million.subnets.filter(({ network }) => contains(cidr('192.168.0.0/16'), network));
    expect(usual.length / million.subnets.length).toBeGreaterThan(0.1);
    expect(usual.length / million.subnets.length).toBeLessThan(0.3);
  });

  it.each([
    [1000, 100],
    [10_000, 316],
    [100_000, 1000],
  ])('at %d routes: %d people with certificates and as many plants', (size, count) => {
    const { certificates, plants } = describeInstallation({ size, seed: 1 });
    expect([certificates.length, plants.length]).toEqual([count, count]);
  });

  it('refuses sizes that it has no rule for', () => {
    for (const size of [SMALLEST - 1, LARGEST + 1, 1000.5, Number.NaN])
      expect(() => describeInstallation({ size, seed: 1 })).toThrow(RangeError);
  });
});

describe('the unique ranges of a million routes', () => {
  it('are disjoint, aligned, in their pools, almost all aliases, and leave room for later ones (VPN-10)', () => {
    const ranges = rangesOf(million.subnets, DEFAULT_POOLS).map(({ range, pool }, n) => {
      expect(cidr(range).length).toBe(million.subnets[n]?.network.length);
      expect(contains(DEFAULT_POOLS[pool], cidr(range))).toBe(true);
      return { range: cidr(range), pool };
    });
    const sorted = ranges.map(({ range }) => range).sort(compareCidr);
    expect(sorted.filter((range, n) => n > 0 && overlaps(range, sorted[n - 1] ?? range))).toEqual([]);
    expect(ranges.filter(({ pool }) => pool === 'hidden').length / ranges.length).toBeLessThan(0.03);
    expect(ranges.filter(({ pool, range }) => pool === 'alias' && range.length < 20)).toEqual([]);
    const lowest = Math.min(...ranges.filter(({ pool }) => pool === 'alias').map(({ range }) => range.base));
    expect(lowest - DEFAULT_POOLS.alias.base).toBeGreaterThanOrEqual(sizeOf(DEFAULT_POOLS.alias.length) / 8);
    expect(ranges.some(({ range }) => lastOf(range) >= cidr('255.240.0.0/12').base)).toBe(false);
  });
});
