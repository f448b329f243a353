import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { initOf } from '../src/lab/enter.ts';
import { networkIdentity } from '../src/lab/host.ts';
import { placesOf } from '../src/lab/places.ts';
import { change } from '../src/store/change.ts';
import type { Db } from '../src/store/db.ts';
import { type Change, paced } from './beside.ts';
import { acknowledged, install, taken } from './installed.ts';
import { type BenchLab, FOUR_GATEWAYS, benchLab } from './lab.ts';
import { type Figure, latencies, rate } from './results.ts';

const TARGETS = { p99: 150, caughtUp: 10 };
const PER_SECOND = 100;
/** For the figures to count. */
const AT_LEAST = 98;
/** Changes of a run: 100 runs take half a minute. */
const CHANGES_PER_RUN = 30;
/** How often it is looked what the gateways have acknowledged: a latency is too long by so much at most. */
const LOOK_EVERY_MS = 5;

const AWAY = FOUR_GATEWAYS[3];
const OTHERS = FOUR_GATEWAYS.filter((name) => name !== AWAY);
const MISSED = 100_000;
const MISSED_PER_REVISION = 1000;
/** Control lets go of a gateway that it has not heard of for ten seconds. */
const GONE_AFTER_S = 11;

/**
 * `sync.*`: from the commit of a change until control has the acknowledgement of the last of four gateways, at 100 changes per
 * second; and how long a gateway that was away for 100,000 changes takes to acknowledge the last of them. `size` routes are
 * installed. A change is a route that is paused or resumed, by the store: what deriving costs is the matter of `derive.*`.
 */
export async function benchSync(size: number, runs: number): Promise<Figure[]> {
  const lab = await benchLab(FOUR_GATEWAYS);
  const db = lab.db();
  try {
    const installed = await install('sync', db, size);
    const routes = await chooseRoutes(db);
    const { changes, latency } = await acknowledgements(db, routes, (runs * CHANGES_PER_RUN) / PER_SECOND);
    const caughtUp = await catchUp(lab, db, routes);
    return [
      installed,
      rate('sync.changes', changes, AT_LEAST),
      ...latencies('sync.ack', latency, { p99: TARGETS.p99 }),
      { ...caughtUp, target: `<= ${TARGETS.caughtUp}`, met: caughtUp.value <= TARGETS.caughtUp },
    ];
  } finally {
    await db.destroy();
    await lab.down();
  }
}

async function acknowledgements(
  db: Db,
  routes: number,
  seconds: number,
): Promise<{ changes: readonly Change[]; latency: number[] }> {
  const looking = new AbortController();
  const seen: Change[] = [];
  const look = async () => {
    while (!looking.signal.aborted) {
      const revision = await acknowledged(db);
      if (revision !== seen.at(-1)?.revision) seen.push({ at: clock(), revision });
      await delay(LOOK_EVERY_MS);
    }
  };
  const looks = look();
  try {
    let turn = 0;
    const next = async (): Promise<Change> => {
      const n = (turn++ % routes) + 1;
      const { revision } = await change(db, (tx, at) => toggle(tx, at, `n = ${n}`));
      return { at: clock(), revision };
    };
    const changes = await paced(PER_SECOND, next, () => delay(seconds * 1000));
    await taken(db, Math.max(...changes.map(({ revision }) => revision)));
    // The last look.
    await delay(10 * LOOK_EVERY_MS);
    return { changes, latency: latenciesOf(changes, seen) };
  } finally {
    looking.abort();
    await looks;
  }
}

function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** How long after each change it, or a later one, was first seen acknowledged. `seen` is in the order of time. */
export function latenciesOf(changes: readonly Change[], seen: readonly Change[]): number[] {
  return changes.map(({ at, revision }) => {
    const first = seen.find((one) => one.revision >= revision);
    if (first === undefined) throw new RangeError(`revision ${revision} was never seen acknowledged`);
    return Math.max(0, first.at - at);
  });
}

/**
 * Stops a gateway's daemon until control has let go of it, pauses and resumes routes meanwhile, and lets it go on when the other
 * gateways have followed. Half of the routes are paused before, and the other half after.
 */
async function catchUp(lab: BenchLab, db: Db, routes: number): Promise<Figure> {
  const { revision } = await change(db, (tx, at) => toggle(tx, at, 'n % 2 = 0'));
  await taken(db, revision);
  await signal(lab, AWAY, 'SIGSTOP');
  await untilGone(db);
  let head = revision;
  const rounds = oddRounds(routes);
  for (let round = 0; round < rounds; round++)
    for (let from = 0; from < routes; from += MISSED_PER_REVISION) {
      const range = `n > ${from} and n <= ${from + MISSED_PER_REVISION}`;
      ({ revision: head } = await change(db, (tx, at) => toggle(tx, at, range)));
    }
  await taken(db, head, OTHERS);
  const start = performance.now();
  await signal(lab, AWAY, 'SIGCONT');
  await taken(db, head);
  const seconds = (performance.now() - start) / 1000;
  return { id: 'sync.catchup', value: Math.round(seconds * 100) / 100, unit: 's', runs: 1 };
}

/** How often each route changes, so that it is 100,000 changes at least and every route ends as the other of the two. */
export function oddRounds(routes: number): number {
  const rounds = Math.ceil(MISSED / routes);
  return rounds % 2 === 1 ? rounds : rounds + 1;
}

async function chooseRoutes(db: Db): Promise<number> {
  await sql`
    create table bench_routes as
    select row_number() over () as n, c.* from (
      select r.user_id, r.plant_no, s.no as subnet_no
        from reach r join plants p on p.no = r.plant_no join subnets s on s.plant_id = p.id
       order by md5(r.user_id::text || s.no) limit ${MISSED}) c`.execute(db);
  await sql`alter table bench_routes add primary key (n)`.execute(db);
  const { rows } = await sql<{ routes: number }>`select count(*) as routes from bench_routes`.execute(db);
  return rows[0]?.routes ?? 0;
}

/** Pauses the routes that go on, and resumes those that are paused: a change each. */
async function toggle(tx: Db, revision: number, which: string): Promise<void> {
  await sql`
    insert into route_settings as t (user_id, subnet_no, plant_no, paused_at, revision)
    select user_id, subnet_no, plant_no, now(), ${revision}::bigint from bench_routes where ${sql.raw(which)}
    on conflict (user_id, subnet_no) do update
       set paused_at = case when t.paused_at is null then now() end, revision = excluded.revision`.execute(tx);
}

async function untilGone(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ gone: boolean }>`
      select s.seen_at < now() - ${GONE_AFTER_S} * interval '1 s' as gone
        from gateways g join gateway_status s on s.gateway_no = g.no where g.name = ${AWAY}`.execute(db);
    if (rows[0]?.gone === true) return;
    await delay(100);
  }
}

/**
 * Signals a gateway's daemon. What entered the host to start it stops by itself when the daemon does, and has to be told to go on:
 * it is that which the lab watches.
 */
async function signal({ status, folder }: BenchLab, host: string, name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const { init } = await initOf(placesOf(folder, status.name), host);
  const network = networkIdentity(init);
  const daemons = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && networkIdentity(Number(pid)) === network)
    .filter((pid) => commandOf(pid).includes('src/gateway/main.ts'))
    .filter((pid) => name === 'SIGCONT' || !commandOf(pid).startsWith('nsenter'));
  if (daemons.length === 0) throw new Error(`${host} runs no daemon`);
  for (const pid of daemons) process.kill(Number(pid), name);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
