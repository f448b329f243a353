import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/postgres/database.ts';
import { openDb } from '../store/db.ts';
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
  const answer = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMINISTRATOR),
  });
  return answer.status;
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
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`.execute(maintenance);
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
