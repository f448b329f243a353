import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { Actor } from '../src/control/actor.ts';
import { stepCooperation } from '../src/control/app/manage-cooperations.ts';
import { grantRole, withdrawGrant } from '../src/control/app/manage-grants.ts';
import { createPlant } from '../src/control/app/manage-plants.ts';
import { addSubnet } from '../src/control/app/manage-subnets.ts';
import type { Deps } from '../src/control/deps.ts';
import { loadInstallation } from '../src/lab/size/load.ts';
import { systemClock } from '../src/net/clock.ts';
import { DEFAULT_POOLS } from '../src/net/pools.ts';
import { assigneesOf } from '../src/store/assignments.ts';
import { change } from '../src/store/change.ts';
import { type Db, migrate, openDb } from '../src/store/db.ts';
import { derive, verify } from '../src/store/derive.ts';
import { openInstallation } from '../src/store/installation.ts';
import { startOwnServer } from '../src/store/own-server.ts';
import { createSlot } from '../src/store/slots.ts';
import { ip } from '../src/store/values.ts';
import { untilLeft } from './leave.ts';
import { type Figure, latencies } from './results.ts';
import { type Stage, addStage } from './stage.ts';

/** What takes seconds, or changes tens of thousands of rows, is done so often at most. */
const FEW = 10;

/** Rows that drift before each measured verification: half of them are lost, half are too many. */
const DRIFTED = 1000;

/** Milliseconds, as the issue names them. */
const TARGETS = {
  'derive.grant': 10,
  'derive.portfolio': 200,
  'derive.plant': 200,
  'derive.subnet': 200,
  'derive.cooperation': 2000,
  'derive.verify': 5000,
  'derive.idle': 3000,
} as const;

/**
 * `derive.*`: what a change of access costs in the database, from the first statement of its use case to the commit, with
 * `size` routes of others installed; the checks of who may do it are in it, HTTP is not. An embedded server of its own.
 */
export async function benchDerive(size: number, runs: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parkway-derive-'));
  // The database's user passes through.
  await chmod(folder, 0o711);
  const server = await startOwnServer(join(folder, 'postgres'), () => undefined);
  const db = openDb(server.connection);
  const close = untilLeft(async () => {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  try {
    await migrate(db);
    const entry = { address: ip('198.51.100.1'), port: 51_820 };
    await change(db, async (tx) => createSlot(tx, randomBytes(32), DEFAULT_POOLS, entry, new Date()));
    await loadInstallation(db, { size, seed: 1 });
    return await measure(db, runs);
  } finally {
    await close();
  }
}

/** Measures on a database that is loaded. */
export async function measure(db: Db, runs: number): Promise<Figure[]> {
  const masterKey = randomBytes(32);
  const installation = await openInstallation(db, masterKey);
  const log = pino({ level: 'silent' });
  const deps: Deps = { db, clock: systemClock, pools: DEFAULT_POOLS, log, masterKey, installation, publicUrl: '' };
  const stage = await addStage(db);
  const few = Math.min(runs, FEW);
  const measured = {
    'derive.grant': await grants(deps, stage, { plantId: stage.plantId }, runs),
    'derive.portfolio': await grants(deps, stage, { portfolioId: stage.largePortfolioId }, few),
    'derive.plant': await plants(deps, stage, few),
    'derive.subnet': await subnets(deps, stage, few),
    'derive.cooperation': await cooperations(deps, stage, few),
    'derive.verify': await verifications(db, few),
    'derive.idle': await idle(db, few),
  };
  return Object.entries(measured).flatMap(([id, samples]) =>
    latencies(id, samples, { p50: Object.entries(TARGETS).find(([name]) => name === id)?.[1] ?? 0 }),
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function actorOf({ administratorId: userId }: Stage): Actor {
  return {
    userId,
    platformAdministrator: false,
    scopes: 'all',
    via: { kind: 'token', id: userId, expiresAt: null, networks: [] },
  };
}

type Target = { readonly plantId: string } | { readonly portfolioId: string };

async function grants(deps: Deps, stage: Stage, target: Target, runs: number): Promise<number[]> {
  const actor = actorOf(stage);
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    let id = '';
    const input = { userId: stage.memberId, ...target, role: 'operator' as const };
    samples.push(
      await timed(async () => {
        ({ id } = (await grantRole(deps, actor, stage.ownerId, input)).value);
      }),
    );
    await withdrawGrant(deps, actor, id);
  }
  return samples;
}

async function plants(deps: Deps, stage: Stage, runs: number): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const input = { name: `New ${run}` };
    samples.push(await timed(() => createPlant(deps, actorOf(stage), stage.crowdedPortfolioId, input)));
  }
  return samples;
}

async function subnets(deps: Deps, stage: Stage, runs: number): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const input = { network: `10.20.${run}.0/24` };
    samples.push(await timed(() => addSubnet(deps, actorOf(stage), stage.crowdedPlantId, input)));
  }
  return samples;
}

async function cooperations(deps: Deps, stage: Stage, runs: number): Promise<number[]> {
  const samples: number[] = [];
  const { cooperationId } = stage;
  for (let run = 0; run < runs; run++) {
    samples.push(await timed(() => stepCooperation(deps, actorOf(stage), cooperationId, 'end')));
    // Nothing but a bench brings an ended one back.
    await change(deps.db, async (tx, revision) => {
      await tx.updateTable('cooperations').set({ status: 'active' }).where('id', '=', cooperationId).execute();
      await derive(tx, revision, { users: await assigneesOf(tx, { cooperationId }) });
    });
  }
  return samples;
}

async function verifications(db: Db, runs: number): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const drifted = await drift(db);
    let corrected = 0;
    samples.push(
      await timed(async () => {
        const { added, removed } = await verify(db);
        corrected = added + removed;
      }),
    );
    if (corrected !== drifted) throw new Error(`verification corrected ${corrected} of ${drifted} rows`);
  }
  return samples;
}

/** Makes `reach` wrong behind all triggers. Returns in how many rows. */
async function drift(db: Db): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    const lost = await sql`
      delete from reach r using (select user_id, plant_no from reach order by random() limit ${DRIFTED / 2}) g
       where r.user_id = g.user_id and r.plant_no = g.plant_no`.execute(tx);
    const surplus = await sql`
      insert into reach (user_id, plant_no, since)
      select u.user_id, p.no, 1
        from (select user_id from certificates order by random() limit ${DRIFTED / 2}) u,
             lateral (select no from plants p where not exists (
               select from reach_wanted w where w.user_id = u.user_id and w.plant_no = p.no) limit 1) p
      on conflict do nothing`.execute(tx);
    return Number(lost.numAffectedRows ?? 0) + Number(surplus.numAffectedRows ?? 0);
  });
}

/** On a connection that may only read: a verification with nothing to do that writes anything throws. */
async function idle(db: Db, runs: number): Promise<number[]> {
  return db.connection().execute(async (connection) => {
    const samples: number[] = [];
    await sql`set default_transaction_read_only = on`.execute(connection);
    for (let run = 0; run < runs; run++) samples.push(await timed(() => verify(connection)));
    await sql`reset default_transaction_read_only`.execute(connection);
    return samples;
  });
}
