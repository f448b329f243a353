import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { realRunner } from '../kernel/run.ts';
import { embeddedBinaries, startServer } from './embedded.ts';

async function ownDirectory(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'parkway-embedded-'));
  await chmod(root, 0o711);
  onTestFinished(() => rm(root, { recursive: true }));
  return join(root, 'postgres');
}

function start(directory: string) {
  return startServer({ runner: realRunner(), directory, binaries: embeddedBinaries(), log: () => undefined });
}

async function pidOf(directory: string): Promise<number> {
  return Number((await readFile(join(directory, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function query(connection: object, text: string): Promise<unknown> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test('runs on a unix socket without TCP, durably, and not as root', async () => {
  const directory = await ownDirectory();
  const server = await start(directory);
  onTestFinished(() => server.stop());

  expect(await query(server.connection, 'show listen_addresses')).toBe('');
  expect(await query(server.connection, 'show fsync')).toBe('on');
  const status = await readFile(`/proc/${await pidOf(directory)}/status`, 'utf8');
  expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).not.toBe('0');
});

test('the next control process finds the server that the last one left, with its data', async () => {
  const directory = await ownDirectory();
  const first = await start(directory);
  await query(first.connection, 'create table kept as select 1');
  await first.leave();
  const pid = await pidOf(directory);

  const second = await start(directory);
  onTestFinished(() => second.stop());
  expect(await pidOf(directory)).toBe(pid);
  expect(await query(second.connection, 'select count(*)::int from kept')).toBe(1);
});

test('a killed server is noticed and started again, and nothing committed is lost (kill -9)', async () => {
  const directory = await ownDirectory();
  const server = await start(directory);
  onTestFinished(() => server.stop());
  await query(server.connection, `create table kept as select '${randomUUID()}'`);

  const pid = await pidOf(directory);
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(
    async () => expect(await query(server.connection, 'select count(*)::int from kept')).toBe(1),
    20_000,
  );
  expect(await pidOf(directory)).not.toBe(pid);
});

test('a server that was killed while nobody watched is replaced, its stale pid file notwithstanding', async () => {
  const directory = await ownDirectory();
  const first = await start(directory);
  await query(first.connection, 'create table kept as select 1');
  await first.leave();
  process.kill(await pidOf(directory), 'SIGKILL');

  const second = await start(directory);
  onTestFinished(() => second.stop());
  expect(await query(second.connection, 'select count(*)::int from kept')).toBe(1);
});

test('a server that hangs is replaced', async () => {
  const directory = await ownDirectory();
  const first = await start(directory);
  await first.leave();
  const pid = await pidOf(directory);
  process.kill(pid, 'SIGSTOP');

  const second = await start(directory);
  onTestFinished(() => second.stop());
  expect(await pidOf(directory)).not.toBe(pid);
}, 60_000);
