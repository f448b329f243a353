import type { JobRole, OrganizationRole } from '../../access/roles.ts';
import type { Cidr } from '../../net/cidr.ts';

/** Things are named by their position in the list that they stand in; `since` counts the changes from the beginning, from 1. */
export type Index = number;

/** Neighbours in a list. */
export interface Span {
  readonly first: Index;
  readonly count: number;
}

export interface Organization {
  readonly name: string;
  readonly portfolios: Span;
  readonly plants: Span;
}

export interface Portfolio {
  readonly organization: Index;
  readonly name: string;
  readonly plants: Span;
}

export interface Plant {
  readonly organization: Index;
  readonly portfolio: Index;
  readonly name: string;
  readonly subnets: Span;
}

export interface Subnet {
  readonly organization: Index;
  readonly plant: Index;
  readonly network: Cidr;
  readonly since: number;
}

export interface Device {
  readonly organization: Index;
  readonly plant: Index;
  readonly name: string;
  readonly address: string;
}

export interface Person {
  readonly name: string;
  /** Position among the certificates; undefined without one. */
  readonly certificate: Index | undefined;
}

export interface Certificate {
  readonly person: Index;
  readonly profile: 'full' | 'alias';
  readonly since: number;
}

export interface Membership {
  readonly organization: Index;
  readonly person: Index;
  readonly role: OrganizationRole;
}

/** What a grant or a share is on. */
export type Target = { readonly portfolio: Index } | { readonly plant: Index };

export interface Grant {
  readonly organization: Index;
  readonly person: Index;
  readonly on: Target;
  readonly role: JobRole;
  readonly since: number;
}

export interface Cooperation {
  readonly owner: Index;
  readonly partner: Index;
  readonly status: 'pending' | 'active' | 'paused' | 'ended';
}

export interface Share {
  readonly cooperation: Index;
  readonly on: Target;
  readonly cap: JobRole;
}

export interface Assignment {
  readonly share: Index;
  readonly person: Index;
  readonly role: JobRole;
  readonly since: number;
}

/** What somebody set on a route that is theirs: a choice, or a pause. */
export interface Setting {
  readonly person: Index;
  readonly subnet: Index;
  /** 0 when never chosen. */
  readonly chosen: number;
  readonly paused: boolean;
  readonly since: number;
}

/** An installation as plain values. Who is not in `certificates` reaches nothing. */
export interface Installation {
  readonly organizations: readonly Organization[];
  readonly portfolios: readonly Portfolio[];
  readonly plants: readonly Plant[];
  readonly subnets: readonly Subnet[];
  readonly devices: readonly Device[];
  readonly people: readonly Person[];
  readonly certificates: readonly Certificate[];
  readonly memberships: readonly Membership[];
  readonly grants: readonly Grant[];
  readonly cooperations: readonly Cooperation[];
  readonly shares: readonly Share[];
  readonly assignments: readonly Assignment[];
  readonly settings: readonly Setting[];
  /** How many changes made it: no `since` is higher. */
  readonly changes: number;
  /** Pairs of a certificate's holder and a subnet that they reach. */
  readonly routes: number;
}
