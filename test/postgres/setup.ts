/**
 * Starts the two Postgres servers that the tests of `store` and `control` run on: the embedded one and Debian's 15. Each gets a
 * migrated database `template_parkway`, from which every test makes its own.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { TestProject } from 'vitest/node';
import { realRunner } from '../../src/kernel/run.ts';
import { migrate, openDb } from '../../src/store/db.ts';
import { type EmbeddedServer, embeddedBinaries, startServer } from '../../src/store/embedded.ts';

export const TEMPLATE = 'template_parkway';

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket directories of the servers. */
    postgres: { readonly embedded: string; readonly debian: string };
    /** A directory that goes when the run ends, also with what a test left in it that was cut off by its timeout. */
    directory: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = await mkdtemp(join(tmpdir(), 'parkway-test-'));
  await chmod(root, 0o711);
  const start = async (name: string, binaries: string) => {
    const server = await startServer({
      runner: realRunner(),
      directory: join(root, name),
      binaries,
      log: () => undefined,
    });
    await prepareTemplate(server);
    return server;
  };
  const servers = await Promise.all([
    start('embedded', embeddedBinaries()),
    start('debian', '/usr/lib/postgresql/15/bin'),
  ]);
  project.provide('postgres', { embedded: join(root, 'embedded/socket'), debian: join(root, 'debian/socket') });
  project.provide('directory', root);
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(root, { recursive: true });
  };
}

async function prepareTemplate({ connection }: EmbeddedServer): Promise<void> {
  const maintenance = openDb({ ...connection, database: 'postgres' });
  await sql`create database ${sql.id(TEMPLATE)}`.execute(maintenance);
  await maintenance.destroy();
  const template = openDb({ ...connection, database: TEMPLATE });
  await migrate(template);
  await template.destroy();
}
