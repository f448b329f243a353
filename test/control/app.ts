import { randomBytes } from 'node:crypto';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { ClientConfig } from 'pg';
import { pino } from 'pino';
import { openSession } from '../../src/control/app/open-session.ts';
import type { Deps } from '../../src/control/deps.ts';
import { type App, buildApp } from '../../src/control/http/app.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import { openInstallation } from '../../src/store/installation.ts';
import { problemSchema } from '../../src/wire/problem.ts';
import { type Engine, testDatabase } from '../postgres/database.ts';

/** Somebody signed in. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly token: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The API on a database of the test's own, called without a network. */
export interface TestControl extends AsyncDisposable {
  readonly app: App;
  readonly deps: Deps;
  /** Of its database, for what connects by itself. */
  readonly connection: ClientConfig;
  /** Moves the clock. It starts at the machine's time, since liveness is by the database's clock. */
  advance(ms: number): void;
  /** Makes an account and signs it in. */
  person(email: string, as?: { platformAdministrator?: boolean; passwordHash?: string }): Promise<Person>;
  /** Calls a path below /api/v1 with a person's or another bearer token, or with none. */
  call<T = unknown>(
    who: Pick<Person, 'token'> | undefined,
    method: Method,
    path: string,
    body?: object,
    more?: InjectOptions,
  ): Promise<Answer<T>>;
}

/** An answer. `json` is its body as the test believes it to be; null when it has none. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: LightMyRequestResponse['headers'];
  readonly json: T;
  readonly text: string;
}

/** Builds control's API for one test: `await using control = await testControl();`. */
export async function testControl(engine: Engine = 'embedded', more: Partial<Deps> = {}): Promise<TestControl> {
  const database = await testDatabase(engine);
  let ahead = 0;
  const masterKey = randomBytes(32);
  const deps: Deps = {
    db: database.db,
    clock: { now: () => Date.now() + ahead },
    pools: DEFAULT_POOLS,
    log: pino({ level: 'silent' }),
    masterKey,
    installation: await openInstallation(database.db, masterKey),
    publicUrl: 'https://parkway.test',
    ...more,
  };
  const app = await buildApp(deps);
  return {
    app,
    deps,
    connection: database.connection,
    advance: (ms) => {
      ahead += ms;
    },
    person: async (email, { platformAdministrator = false, passwordHash = '' } = {}) => {
      const { id } = await database.db
        .insertInto('users')
        .values({ email, name: email, password_hash: passwordHash, platform_administrator: platformAdministrator })
        .returning('id')
        .executeTakeFirstOrThrow();
      const { token } = await openSession(deps, { id, email, name: email }, { source: '127.0.0.1', userAgent: 'test' });
      return { id, email, token };
    },
    call: async <T>(
      who: Pick<Person, 'token'> | undefined,
      method: Method,
      path: string,
      body?: object,
      more: InjectOptions = {},
    ): Promise<Answer<T>> => {
      const answer = await app.inject({
        method,
        url: `/api/v1${path}`,
        ...(body === undefined ? {} : { payload: body }),
        ...more,
        headers: { ...(who === undefined ? {} : { authorization: `Bearer ${who.token}` }), ...more.headers },
      });
      const json: T = JSON.parse(answer.body === '' ? 'null' : answer.body);
      return { status: answer.statusCode, headers: answer.headers, json, text: answer.body };
    },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The problem's code in an answer, or undefined when it is none. */
export function codeOf(answer: Answer): string | undefined {
  return problemSchema.safeParse(answer.json).data?.code;
}
