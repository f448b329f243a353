/**
 * `control` answers the API and tells the daemons what to hold. `http` is thin routes, `app` one use case per file,
 * `sync` the daemons' connections, `tasks` what runs by the clock.
 *
 * This file: what all of it takes as an argument instead of reaching for it.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '../net/clock.ts';
import type { Pools } from '../net/pools.ts';
import type { Db } from '../store/db.ts';
import type { Installation } from '../store/installation.ts';
import type { Mailer } from './mail.ts';
import type { Places } from './places.ts';
import type { Oidc } from './oidc.ts';

/** What use cases, routes and tasks stand on. */
export interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly pools: Pools;
  readonly log: FastifyBaseLogger;
  /** 32 bytes; seals the secrets that lie in the database. */
  readonly masterKey: Buffer;
  /** Its id, and the key that agents know control by. */
  readonly installation: Installation;
  /** Where people reach this installation, without a slash at the end. */
  readonly publicUrl: string;
  /** The company's sign-in provider, where one is configured. */
  readonly oidc?: Oidc | undefined;
  /** Where daemons reach it, when that is not `publicUrl`. */
  readonly daemonsUrl?: string;
  /** Says where an address is; undefined without the operator's database. */
  readonly places?: Places | undefined;
  /** Sends mail; undefined where no server is configured. */
  readonly mail?: Mailer | undefined;
}
