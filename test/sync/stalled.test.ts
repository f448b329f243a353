import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { Db } from '../../src/store/db.ts';
import { type TestPeer, connect } from '../control/daemons.ts';
import { addGateway, head } from '../postgres/world.ts';
import { seeds } from './chance.ts';
import { type Run, startRun } from './run.ts';
import { exchange, largeWorld } from './world.ts';

/** More than a change of the test is as a message, far less than forty of them. */
const MESSAGE = 32_768;

/** Sends a change of some 10 KB to all gateways. Milliseconds until those of the run have confirmed it. */
async function changeAndWait({ db, change, gateways }: Run, n: number): Promise<number> {
  let committed = 0;
  await change(async () => {
    await exchange(db, n % 2 === 0 ? 0 : 1);
    committed = performance.now();
  });
  const revision = await head(db);
  await expect
    .poll(() => gateways.every((gateway) => gateway.revision() === revision), { interval: 1, timeout: 15_000 })
    .toBe(true);
  return performance.now() - committed;
}

async function medianOf(count: number, measure: (n: number) => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) times.push(await measure(n));
  return times.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? Infinity;
}

async function openTransactions(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`.execute(db);
  return rows[0]?.n ?? 0;
}

/** A gateway that lives, as its pings say, and reads nothing from its socket. */
function stopReading({ socket }: TestPeer): void {
  socket.pause();
  const pinging = setInterval(() => socket.ping(), 500);
  onTestFinished(() => clearInterval(pinging));
}

/**
 * Fills the buffers of both kernels, some megabytes, as ever so many changes would: until a little of what is sent waits in this
 * process.
 */
async function fill(socket: WebSocket): Promise<void> {
  const filler = JSON.stringify({ type: 'challenge', nonce: ' '.repeat(16_384) });
  for (let n = 0; n < 10_000 && socket.bufferedAmount === 0; n += 1) {
    socket.send(filler);
    await setImmediate();
  }
}

/** What it heard last that it can continue from. */
function heldBy({ heard }: TestPeer): number {
  const revisions = heard.map((message) => {
    if (message.type === 'snapshot') return message.revision;
    return message.type === 'delta' ? message.to : 0;
  });
  return Math.max(0, ...revisions);
}

test('a gateway that does not read its socket holds one message of control and no transaction, delays nobody, and is let go of; when it returns it gets everything', async () => {
  await using run = await startRun({
    seed: seeds(5)[0] ?? 5,
    gateways: 3,
    world: async (db) => {
      await largeWorld(db, 60, 10);
      await exchange(db, 1);
    },
  });
  const { db } = run;
  const control = run.control(0);
  const daemon = await addGateway(db);
  using stalled = await connect(control, daemon);
  await expect.poll(() => heldBy(stalled), { timeout: 10_000 }).toBe(await head(db));
  const before = await medianOf(20, (n) => changeAndWait(run, n));
  const connected = control.sockets().length;
  const end = control.sockets().at(-1);
  if (end === undefined) throw new Error('not connected');

  stopReading(stalled);
  await fill(end);
  expect(end.bufferedAmount).toBeGreaterThan(0);
  const filled = end.bufferedAmount;
  const during = await medianOf(40, (n) => changeAndWait(run, n));
  expect(end.bufferedAmount).toBeGreaterThan(filled);
  expect(end.bufferedAmount - filled).toBeLessThan(MESSAGE);
  await expect.poll(() => openTransactions(db)).toBe(0);
  expect(during).toBeLessThan(5 * before + 50);
  expect(control.sockets()).toHaveLength(connected);

  control.limits.stalledMs = 100;
  await expect.poll(() => control.sockets().length, { timeout: 10_000 }).toBe(connected - 1);
  expect(end.readyState).toBe(end.CLOSED);
  stalled.socket.resume();
  await stalled.closed;
  expect(heldBy(stalled)).toBeLessThan(await head(db));
  using again = await connect(control, daemon, heldBy(stalled));
  expect(await again.next()).toMatchObject({ type: 'delta', from: heldBy(stalled), to: await head(db), last: true });
  expect(await run.problems()).toEqual([]);
});
