import { randomBytes } from 'node:crypto';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { pino } from 'pino';
import { buildApp } from '../../src/control/http/app.ts';
import { newKeyPair } from '../../src/net/keys.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';

/** The OpenAPI document as text, from the route table alone: no database answers, and none is asked. */
export async function describedApi(): Promise<string> {
  const app = await buildApp({
    db: new Kysely({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new PostgresIntrospector(db),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    }),
    clock: { now: () => 0 },
    pools: DEFAULT_POOLS,
    log: pino({ level: 'silent' }),
    masterKey: randomBytes(32),
    installation: { id: '00000000-0000-4000-8000-000000000000', keys: newKeyPair('ed25519') },
    publicUrl: 'https://parkway.example',
  });
  const answer = await app.inject({ method: 'GET', url: '/api/v1/openapi.json' });
  await app.close();
  return `${JSON.stringify(answer.json(), undefined, 1)}\n`;
}
