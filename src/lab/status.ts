import { z } from 'zod';
import type { ServiceAccount } from './device/ssh.ts';
import type { Installation } from './health.ts';
import type { Hosts, HostState } from './hosts.ts';
import type { Places } from './places.ts';
import type { Secrets } from './secrets.ts';
import type { Beside } from './size/beside.ts';
import { ACCOUNTS, PLATFORM_ACCOUNT } from './seed/installation.ts';
import { SLOT, type Topology } from './topology.ts';

/** Everything about a lab, for people and scripts. */
export interface Status {
  readonly name: string;
  /** `starting` until everything worked for the first time. */
  readonly state: 'starting' | 'up';
  /** What a browser on this machine opens; `localhost`, where browsers allow what they allow over HTTPS. */
  readonly url: string;
  /** The API, the same from this machine and from every host of the lab. */
  readonly api: string;
  readonly stateDirectory: string;
  readonly slot: { readonly address: string; readonly port: number };
  readonly hosts: readonly {
    readonly name: string;
    readonly role: string;
    readonly address: string;
    readonly addresses: readonly string[];
    readonly state: HostState;
    readonly daemons: ReturnType<Hosts['daemons']>;
  }[];
  /** What control says; null while it does not answer. */
  readonly gateways: Installation['gateways'] | null;
  readonly plants: Installation['plants'] | null;
  readonly agents: readonly { readonly plant: string; readonly host: string; readonly state: string }[] | null;
  readonly accounts: readonly AccountReport[];
  /** What `up --size` loaded; null when nothing. */
  readonly beside: Beside | null;
  /** How devices let people in over SSH and HTTPS. */
  readonly devices: ServiceAccount;
}

/** A status that came over the supervisor's socket, whose other end is this same code. */
export const statusSchema = z.custom<Status>();

export interface AccountReport {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly organization: string | null;
  /** The role it is an example of. */
  readonly role: string;
}

export interface StatusParts {
  readonly places: Places;
  readonly topology: Topology;
  readonly hosts: Hosts;
  readonly secrets: Secrets;
  readonly account: ServiceAccount;
  readonly url: string;
  readonly api: string;
  readonly state: Status['state'];
  readonly installation: Installation | undefined;
  readonly beside: Beside | undefined;
}

/** Puts a status together. */
export function statusOf(parts: StatusParts): Status {
  const { places, topology, hosts, secrets, account, url, api, state, installation, beside } = parts;
  return {
    name: places.name,
    state,
    url,
    api: `${api}/api/v1`,
    stateDirectory: places.directory,
    slot: SLOT,
    hosts: topology.hosts
      .filter(({ role }) => role !== 'router')
      .map(({ name, role, address, addresses }) => ({
        name,
        role,
        address,
        addresses: addresses.map(([, text]) => text),
        state: hosts.state(name),
        daemons: hosts.daemons(name),
      })),
    gateways: installation?.gateways ?? null,
    plants: installation?.plants ?? null,
    agents: installation?.plants.map(({ name, host, agent }) => ({ plant: name, host, state: agent.state })) ?? null,
    accounts: accountsOf(secrets),
    beside: beside ?? null,
    devices: account,
  };
}

/** Every account with its password. */
export function accountsOf(secrets: Secrets): AccountReport[] {
  const platform = { ...PLATFORM_ACCOUNT, organization: null, role: 'platform_administrator' };
  const people = ACCOUNTS.map(({ email, name, organization, role, grant }) => ({
    email,
    name,
    organization,
    role: grant?.role ?? role,
  }));
  return [platform, ...people].map((account) => ({ ...account, password: secrets.accounts[account.email] ?? '' }));
}
