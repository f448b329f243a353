import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Follower } from '../src/kernel/run.ts';
import { childOf } from '../src/lab/host.ts';
import { type BenchControl, startBenchControl } from './gateway-control.ts';
import { FIRST_REVISION, countElements, elementsOf, fillDisk } from './gateway-disk.ts';
import { ENDPOINT, type GatewayPlace, type WorldKeys, buildPlace, joinPlace } from './gateway-place.ts';
import { untilLeft } from './leave.ts';
import { type Watched, watchProcesses } from './processes.ts';
import { type Figure, latencies } from './results.ts';
import { countsOf, routeAt } from './rows.ts';
import { type Stream, answerStreams, startStream } from './stream.ts';

const TARGETS = { startS: 40, daemonMb: 600, helperMb: 300, addMs: 10, sweep: 0.02 };
const CONTROL = '127.0.0.1:8080';

/** A prime, so that routes are added for users all over. */
const STRIDE = 7919;
/** Sweeps are watched for so long at least, and until each has compared something. */
const SWEEP_MS = 30_000;
const SWEEP_MOST_MS = 120_000;

const DAEMON = fileURLToPath(new URL('gateway-daemon.ts', import.meta.url));

/** What a sweep logs of one unit: see `src/gateway/sweep.ts`. */
const compared = z.object({
  msg: z.literal('compared'),
  sweep: z.string(),
  busyMs: z.number(),
  pauseMs: z.number(),
});
type Compared = z.infer<typeof compared>;

/** A daemon that runs, and what it logged of its sweeps. */
interface Daemon {
  readonly follower: Follower;
  readonly pid: number;
  readonly sweeps: Compared[];
}

/** Everything around the daemon. */
interface Scene {
  readonly place: GatewayPlace;
  readonly control: BenchControl;
  readonly stateDir: string;
  readonly size: number;
}

/**
 * `gateway.*`: the daemon alone on a machine, with `size` routes on its disk: a cold start until all is enforced, memory, a route
 * added then, a restart under traffic, and what sweeping takes.
 */
export async function benchGateway(size: number, runs: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
  const stateDir = join(folder, 'state');
  const place = await buildPlace();
  const control = await startBenchControl(join(folder, 'control.sock'), FIRST_REVISION);
  const close = untilLeft(async () => {
    await place.down();
    await control.close();
    await rm(folder, { recursive: true });
  });
  try {
    const keys = await fillDisk(stateDir, size);
    place.gateway.runner.follow(
      [
        'socat',
        `TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr,nodelay`,
        `UNIX-CONNECT:${join(folder, 'control.sock')}`,
      ],
      () => undefined,
    );
    return await measure({ place, control, stateDir, size }, keys, runs);
  } finally {
    await close();
  }
}

async function measure(scene: Scene, keys: WorldKeys, runs: number): Promise<Figure[]> {
  const { place, size } = scene;
  const route = routeAt(size, countsOf(size).users - 1, 0);
  const { answering, typed } = await joinPlace(place, route, keys);
  answerStreams(place.plant.runner, answering);
  const cold = await start(scene);
  const watched = watchProcesses(cold.daemon.pid, place.gateway.init);
  await cold.enforced;
  const seconds = (performance.now() - cold.begun) / 1000;
  const elements = await countElements(place.gateway.runner);
  if (elements !== elementsOf(size)) throw new Error(`the kernel holds ${elements} of ${elementsOf(size)} elements`);
  const stream = startStream(place.user.runner, typed);
  await stream.answered();
  const added = await add(scene, runs);
  const sweep = await sweeping(cold.daemon, watched);
  const restarted = await restart(scene, cold.daemon, stream);
  watched.stop();
  return [
    atMost({ id: 'gateway.start', value: rounded(seconds, 2), unit: 's', runs: 1 }, TARGETS.startS),
    ...memory(watched),
    ...latencies('gateway.add', added, { p50: TARGETS.addMs, p99: TARGETS.addMs }),
    ...sweep,
    ...restarted,
  ];
}

/** Starts the daemon. `enforced` resolves when it acknowledges what it holds. */
async function start({ place, control, stateDir }: Scene) {
  const sweeps: Compared[] = [];
  const enforced = control.nextAck();
  const begun = performance.now();
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', DAEMON];
  const failed: string[] = [];
  const follower = place.gateway.runner.follow([...argv, `http://${CONTROL}`, stateDir, ENDPOINT], (line) => {
    const logged = compared.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined);
    if (logged.success) sweeps.push(logged.data);
    else failed.push(line);
  });
  const ended = follower.ended.then(() => {
    throw new Error(`the gateway ended:\n${failed.slice(-10).join('\n')}`);
  });
  const running = Promise.race([enforced, ended]);
  // Ended on purpose later on.
  ended.catch(() => undefined);
  return { daemon: { follower, pid: await daemonPid(follower), sweeps }, enforced: running, begun };
}

/** The daemon is the child of what entered its host. */
async function daemonPid({ pid }: Follower): Promise<number> {
  for (;;) {
    const child = pid === undefined ? NaN : childOf(pid);
    if (child > 0) return child;
    await delay(1);
  }
}

/** From the delta until its acknowledgement: on disk and in the kernel. */
async function add({ control, size }: Scene, runs: number): Promise<number[]> {
  const { users, each } = countsOf(size);
  const took: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { user, plant } = routeAt(size, (run * STRIDE) % users, each + Math.floor(run / users));
    const begun = performance.now();
    await control.change({ reach: [[user, plant, FIRST_REVISION + 1 + run]] });
    took.push(performance.now() - begun);
  }
  return took;
}

/** What the sweeps were busy, of the time from one unit to the next; and what the daemon and its helpers took of a core meanwhile, other than tunnels. */
async function sweeping({ sweeps }: Daemon, watched: Watched): Promise<Figure[]> {
  const [begun, cpu] = [performance.now(), watched.cpu()];
  const names = ['elements', 'tunnels'];
  const of = (name: string) => sweeps.filter(({ sweep }) => sweep === name);
  const passed = () => performance.now() - begun;
  while (passed() < SWEEP_MS || (names.some((name) => of(name).length === 0) && passed() < SWEEP_MOST_MS))
    await delay(500);
  const idle = (watched.cpu() - cpu) / (passed() / 1000);
  const shares = names.map((name) => {
    const busy = sum(of(name).map(({ busyMs }) => busyMs));
    return busy / (busy + sum(of(name).map(({ pauseMs }) => pauseMs)));
  });
  const runs = sum(names.map((name) => of(name).length));
  const share = { id: 'gateway.sweep', value: rounded(sum(shares) * 100, 2), unit: '%', runs };
  return [
    atMost(share, TARGETS.sweep * 100),
    { id: 'gateway.idle', value: rounded(idle * 100, 1), unit: '%', runs: 1 },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Kills the daemon and starts it again, while a user's datagrams go on. */
async function restart(scene: Scene, { follower, pid }: Daemon, stream: Stream): Promise<Figure[]> {
  const before = await stream.settled();
  process.kill(pid, 'SIGKILL');
  await follower.ended;
  const { enforced, begun } = await start(scene);
  await enforced;
  const seconds = (performance.now() - begun) / 1000;
  const after = await stream.settled();
  const lost = after.asked - after.answered - (before.asked - before.answered);
  const runs = after.asked - before.asked;
  return [
    { id: 'gateway.restart', value: rounded(seconds, 2), unit: 's', runs: 1 },
    atMost({ id: 'gateway.restart.lost', value: lost, unit: 'packets', runs }, 0),
    { id: 'gateway.restart.pause', value: after.pause, unit: 'ms', runs: 1 },
  ];
}

/** The peaks of the daemon and of its helpers since the start. */
function memory(watched: Watched): Figure[] {
  return [...watched.peaks()].map(([kind, mb]) => {
    const [id, target] =
      kind === 'daemon' ? ['gateway.memory', TARGETS.daemonMb] : [`gateway.helper.${kind}`, TARGETS.helperMb];
    return atMost({ id, value: Math.round(mb), unit: 'MB', runs: 1 }, target);
  });
}

function atMost(base: Figure, most: number): Figure {
  return { ...base, target: `<= ${most}`, met: base.value <= most };
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
