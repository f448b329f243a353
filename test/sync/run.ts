import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../src/store/db.ts';
import { type TestSync, testSync } from '../control/daemons.ts';
import { type Engine, type TestDatabase, testDatabase } from '../postgres/database.ts';
import { addGateway, head } from '../postgres/world.ts';
import { type Chance, chanceOf } from './chance.ts';
import { type TestGateway, testGateway } from './gateway.ts';
import { type Truth, digest, truth } from './oracle.ts';
import { type Proxy, openProxy } from './proxy.ts';

/** Two control processes on one database, and gateways, each behind a way of its own. */
export interface Run extends AsyncDisposable {
  readonly db: Db;
  readonly chance: Chance;
  readonly gateways: readonly TestGateway[];
  readonly ways: readonly Proxy[];
  /** Makes a change of one revision, and remembers what is to be held after it. */
  readonly change: (work: () => Promise<void>) => Promise<void>;
  /** Stops a control process and starts another in its place. */
  readonly restartControl: (which: number) => Promise<void>;
  /** A control process. Throws when there is none of the number. */
  readonly control: (which: number) => TestSync;
  /** The URL of a control process's sync endpoint. */
  readonly controlUrl: (which: number) => string;
  /**
   * Waits until all gateways acknowledged the latest revision, by the database's word, and holds what they have held against
   * the truth: now, and at each moment so far. Returns what is wrong.
   */
  readonly problems: () => Promise<string[]>;
  /** From here on: what was before is another history (the database was restored). */
  readonly forgetHistory: () => Promise<void>;
}

export interface RunOptions {
  readonly seed: number;
  readonly gateways?: number;
  readonly engine?: Engine;
  /** How long a gateway's kernel takes for a change, at most, in milliseconds. */
  readonly slowMs?: number;
  /** Made before the gateways connect for the first time. */
  readonly world: (db: Db) => Promise<void>;
}

const CONTROLS = 2;

/** Starts all of it. Gateways are started, and connect by good ways. */
export async function startRun({
  seed,
  gateways: count = 2,
  engine = 'embedded',
  slowMs = 5,
  world,
}: RunOptions): Promise<Run> {
  await using started = new AsyncDisposableStack();
  const chance = chanceOf(seed);
  const database = started.use(await testDatabase(engine));
  const { db } = database;
  const controls: TestSync[] = [];
  for (let n = 0; n < CONTROLS; n += 1) controls.push(await testSync(engine, database));
  started.defer(async () => {
    for (const control of controls) await control[Symbol.asyncDispose]();
  });
  await world(db);
  const gateways: TestGateway[] = [];
  const ways: Proxy[] = [];
  for (let n = 0; n < count; n += 1) {
    const daemon = await addGateway(db);
    const way = started.use(await openProxy(controls[n % CONTROLS]?.url ?? '', chance.fork()));
    ways.push(way);
    gateways.push(started.use(await testGateway(daemon, way.url, chance.fork(), slowMs)));
  }
  const history: Truth[] = [await truth(db)];
  for (const gateway of gateways) await gateway.start();
  const all = started.move();
  return {
    db,
    chance,
    gateways,
    ways,
    change: async (work) => {
      await work();
      const now = await truth(db);
      if (now.revision !== history.at(-1)?.revision) history.push(now);
    },
    restartControl: (which) => restart(controls, which, database, engine),
    control: (which) => {
      const control = controls[which];
      if (control === undefined) throw new Error(`no control process ${which}`);
      return control;
    },
    controlUrl: (which) => controls[which]?.url ?? '',
    problems: async () => {
      const now = await truth(db);
      await acknowledgedByAll(db, now.revision, gateways.length);
      return gateways.flatMap((gateway) => [
        ...(gateway.revision() === now.revision ? [] : [`at revision ${gateway.revision()}, not ${now.revision}`]),
        ...differences(gateway.elements, now.elements),
        ...violations(gateway, history),
      ]);
    },
    forgetHistory: async () => {
      history.splice(0, history.length, await truth(db));
      for (const gateway of gateways) gateway.forget();
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function restart(controls: TestSync[], which: number, database: TestDatabase, engine: Engine): Promise<void> {
  await controls[which]?.[Symbol.asyncDispose]();
  controls[which] = await testSync(engine, database);
}

async function acknowledgedByAll(db: Db, revision: number, count: number): Promise<void> {
  const applied = async () =>
    (await db.selectFrom('gateway_status').select('applied').execute()).map((row) => row.applied);
  for (const end = Date.now() + 25_000; Date.now() < end; await delay(5)) {
    if ((await applied()).filter((each) => each === revision).length === count) return;
  }
  throw new Error(
    `revision ${revision} (latest ${await head(db)}) was acknowledged up to ${(await applied()).join(', ')}`,
  );
}

/** At most ten elements that one has and the other has not, or not so. */
function differences(held: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const surplus = [...held].flatMap(([key, value]) => (wanted.get(key) === value ? [] : [`too much: ${key} ${value}`]));
  const missing = [...wanted].flatMap(([key, value]) => (held.get(key) === value ? [] : [`missing: ${key} ${value}`]));
  return [...surplus, ...missing].slice(0, 10);
}

/**
 * The moments at which a gateway held something else than what was to be held at one revision, of those from the one that it had
 * acknowledged to the one that it was told last. So nothing that was withdrawn up to the former is ever there.
 */
function violations({ moments }: TestGateway, history: readonly Truth[]): string[] {
  const known = history.map(({ revision, elements }, index) => ({
    revision,
    until: history[index + 1]?.revision ?? Infinity,
    digest: digest(elements),
  }));
  return moments.flatMap(({ what, acknowledged, told, digest: held }) => {
    const isRight = known.some(
      (truth) => truth.digest === held && truth.revision <= told && truth.until > acknowledged,
    );
    // Before the database was restored, or before anything was acknowledged.
    const isOfOld = told < (known[0]?.revision ?? 0) || acknowledged === 0;
    return isRight || isOfOld ? [] : [`${what}, acknowledged ${acknowledged}, told ${told}`];
  });
}
