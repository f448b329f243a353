import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { dial } from '../../test/control/daemons.ts';
import { type TestDatabase, testDatabase } from '../../test/postgres/database.ts';
import { addGateway } from '../../test/postgres/world.ts';
import { signBytes } from '../net/keys.ts';
import { openDb } from '../store/db.ts';
import { SYNC_PATH, helloBytes } from '../wire/sync.ts';
import { parseConfig } from './config.ts';
import { startControl } from './start.ts';

const log = pino({ level: 'silent' });
const ADMINISTRATOR = { email: 'root@x.test', name: 'Root', password: 'correct horse battery' };

/** A folder of the test's own with a bootstrap file in it. */
async function scratch() {
  const directory = await mkdtemp(join(tmpdir(), 'parkway-control-'));
  await chmod(directory, 0o711);
  const bootstrapFile = join(directory, 'first.json');
  await writeFile(bootstrapFile, JSON.stringify(ADMINISTRATOR));
  return { directory, bootstrapFile, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

function configOf(directory: string, env: Record<string, string>) {
  return parseConfig({ PARKWAY_LISTEN: '127.0.0.1:0', PARKWAY_STATE_DIR: join(directory, 'state'), ...env });
}

function urlOf({ connection }: TestDatabase): string {
  return `postgres://parkway@/${connection.database}?host=${encodeURIComponent(inject('postgres').debian)}`;
}

async function signIn(url: string): Promise<number> {
  return (await openSession(url)).status;
}

async function openSession(url: string): Promise<{ status: number; token: string }> {
  const answer = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMINISTRATOR),
  });
  const { token } = z.object({ token: z.string().default('') }).parse(await answer.json());
  return { status: answer.status, token };
}

test('control starts with a database of its own, makes the first administrator once, and starts again on its state', async () => {
  await using folder = await scratch();
  const config = configOf(folder.directory, { PARKWAY_BOOTSTRAP_FILE: folder.bootstrapFile });
  const first = await startControl(config, log);
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  expect(await signIn(first.url)).toBe(201);
  await first.stop();
  await expect(fetch(`${first.url}/healthz`)).rejects.toThrow('fetch failed');
  expect((await stat(join(folder.directory, 'state/master.key'))).mode & 0o777).toBe(0o600);
  // Not needed any more, so not looked at.
  await writeFile(folder.bootstrapFile, 'not JSON');
  const second = await startControl(config, log);
  expect(await signIn(second.url)).toBe(201);
  await second.stop();
});

test('control on a database of the operator’s: without it, it lives and says unavailable; with it again, it goes on', async () => {
  await using folder = await scratch();
  await using database = await testDatabase('debian');
  const name = database.connection.database ?? '';
  const maintenance = openDb({ ...database.connection, database: 'postgres', max: 1 });
  const control = await startControl(
    configOf(folder.directory, { DATABASE_URL: urlOf(database), PARKWAY_BOOTSTRAP_FILE: folder.bootstrapFile }),
    log,
  );
  const allow = (allowed: boolean) =>
    sql`alter database ${sql.id(name)} allow_connections ${sql.lit(allowed)}`.execute(maintenance);
  await allow(false);
  // Waits for the end of each: one that still lived would be used below, and die then.
  await sql`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = ${name}`.execute(maintenance);
  expect((await fetch(`${control.url}/healthz`)).status).toBe(200);
  const refused = await fetch(`${control.url}/readyz`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await refused.json()).toMatchObject({ code: 'unavailable' });
  await allow(true);
  expect(await signIn(control.url)).toBe(201);
  await control.stop();
  await maintenance.destroy();
});

test('control does not start with a master key that others can read, that is none, or that is not the database’s', async () => {
  await using folder = await scratch();
  await using database = await testDatabase('debian');
  const config = configOf(folder.directory, { DATABASE_URL: urlOf(database) });
  await (await startControl(config, log)).stop();
  const file = join(config.stateDirectory, 'master.key');
  await chmod(file, 0o640);
  await expect(startControl(config, log)).rejects.toThrow(/chmod 600/);
  await chmod(file, 0o600);
  await writeFile(file, 'short');
  await expect(startControl(config, log)).rejects.toThrow(/not a master key/);
  await writeFile(file, randomBytes(32).toString('base64'));
  await expect(startControl(config, log)).rejects.toThrow(/master key/);
});

test('a bootstrap file that is needed and wrong is refused without repeating it', async () => {
  await using folder = await scratch();
  await using database = await testDatabase('debian');
  await writeFile(folder.bootstrapFile, JSON.stringify({ ...ADMINISTRATOR, password: 'short1' }));
  const config = configOf(folder.directory, {
    DATABASE_URL: urlOf(database),
    PARKWAY_BOOTSTRAP_FILE: folder.bootstrapFile,
  });
  await expect(startControl(config, log)).rejects.toThrow(/password/);
  await expect(startControl(config, log)).rejects.not.toThrow(/short1/);
});

test('daemons are served however many requests wait for the lock of all changes', async () => {
  await using folder = await scratch();
  await using database = await testDatabase('debian');
  const env = { DATABASE_URL: urlOf(database), PARKWAY_BOOTSTRAP_FILE: folder.bootstrapFile };
  const control = await startControl(configOf(folder.directory, env), log);
  const gateway = await addGateway(database.db);
  const { token } = await openSession(control.url);
  const holder = await database.db.startTransaction().execute();
  await sql`select take_revision()`.execute(holder);
  const waiting = Array.from({ length: 40 }, (_, port) =>
    fetch(`${control.url}/api/v1/platform/slots`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ address: '203.0.113.1', port: port + 1 }),
    }),
  );
  const isWaiting = sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await expect.poll(async () => (await isWaiting.execute(database.db)).rows[0]?.n).toBe(16);
  using peer = await dial({ url: new URL(SYNC_PATH, control.url.replace('http:', 'ws:')).href });
  const challenge = await peer.next();
  if (challenge.type !== 'challenge') throw new Error(challenge.type);
  const { kind, id, identity } = gateway;
  const signature = signBytes(identity.privateKey, helloBytes(kind, id, challenge.nonce));
  peer.say({ type: 'hello', kind, id, signature, have: 0, clock: Date.now() });
  expect(await peer.next()).toMatchObject({ type: 'snapshot' });
  await holder.rollback().execute();
  // A slot has a /16 of the user pool: there is room for 16.
  const made = (await Promise.all(waiting)).filter(({ status }) => status === 201);
  expect(made).toHaveLength(16);
  await control.stop();
});
