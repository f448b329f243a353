import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/postgres/database.ts';
import {
  MASTER_KEY,
  addGateway,
  addOrganization,
  addPlant,
  addSlot,
  addSubnet,
  head,
} from '../../../test/postgres/world.ts';
import { systemClock } from '../../net/clock.ts';
import { DEFAULT_POOLS } from '../../net/pools.ts';
import { openInstallation } from '../../store/installation.ts';
import { findDaemon } from '../../store/telemetry.ts';
import type { Packed } from '../../wire/packing.ts';
import { toDaemon } from '../../wire/sync.ts';
import type { Deps } from '../deps.ts';
import type { Channel } from './channel.ts';
import { toGateway } from './outbound.ts';
import { createReader } from './reader.ts';

async function depsOf({ db }: TestDatabase): Promise<Deps> {
  const installation = await openInstallation(db, MASTER_KEY);
  const [pools, log, masterKey] = [DEFAULT_POOLS, pino({ level: 'silent' }), MASTER_KEY];
  return { db, clock: systemClock, pools, log, masterKey, installation, publicUrl: 'http://control.test' };
}

/** A gateway that takes a message when the test says so. */
function slowChannel(): Channel & { readonly sent: Packed[]; take(): void } {
  const sent: Packed[] = [];
  let taken = Promise.withResolvers<void>();
  return {
    sent,
    take: () => {
      taken.resolve();
      taken = Promise.withResolvers();
    },
    send: (data) => {
      sent.push(data);
      return taken.promise;
    },
    sendingSince: () => undefined,
    refuse: () => undefined,
    isOpen: () => true,
  };
}

/** Transactions that are open on the database, but for the one that asks. */
async function openTransactions({ db }: TestDatabase): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`.execute(db);
  return rows[0]?.n ?? 0;
}

function revisionsOf({ sent }: { readonly sent: readonly Packed[] }): number[][] {
  return sent.map((data) => {
    const message = toDaemon.parse(JSON.parse(data.toString()));
    if (message.type === 'snapshot') return [message.revision];
    return message.type === 'delta' ? [message.from, message.to] : [];
  });
}

test('gateways that read nothing hold no transaction and one message each; what changes meanwhile comes at once, and others go on', async () => {
  await using database = await testDatabase('embedded');
  const { db } = database;
  await addSlot(db);
  const plant = await addPlant(db, await addOrganization(db));
  const deps = await depsOf(database);
  const reader = createReader(db);
  const gateways = await Promise.all(
    [1, 2, 3, 4, 5].map(async () => {
      const { id } = await addGateway(db);
      const daemon = await findDaemon(db, 'gateway', id);
      if (daemon === undefined) throw new Error('not enrolled');
      const channel = slowChannel();
      return { channel, outbound: toGateway(deps, reader, daemon, 0, channel) };
    }),
  );
  const begin = await head(db);
  const pushes = gateways.map(({ outbound }) => outbound.push());
  await expect
    .poll(() => gateways.map(({ channel }) => channel.sent.length), { timeout: 10_000 })
    .toEqual([1, 1, 1, 1, 1]);
  expect(await openTransactions(database)).toBe(0);

  for (let n = 0; n < 20; n += 1) {
    await addSubnet(db, plant, `10.${n}.0.0/16`);
    for (const { outbound } of gateways) pushes.push(outbound.push());
  }
  const [reading] = gateways;
  reading?.channel.take();
  await expect.poll(() => reading?.channel.sent.length, { timeout: 10_000 }).toBe(2);
  reading?.channel.take();
  await expect.poll(() => reading?.outbound.told(), { timeout: 10_000 }).toBe(await head(db));
  expect(gateways.slice(1).map(({ channel }) => channel.sent.length)).toEqual([1, 1, 1, 1]);
  expect(await openTransactions(database)).toBe(0);

  for (const { channel } of gateways.slice(1)) channel.take();
  await expect
    .poll(() => gateways.map(({ channel }) => channel.sent.length), { timeout: 10_000 })
    .toEqual([2, 2, 2, 2, 2]);
  for (const { channel } of gateways.slice(1)) channel.take();
  await Promise.all(pushes);
  const latest = await head(db);
  for (const { channel } of gateways) expect(revisionsOf(channel)).toEqual([[begin], [begin, latest]]);
});
