import { setTimeout as sleep } from 'node:timers/promises';
import { includes } from '../net/cidr.ts';
import { type Ip, parseIp } from '../net/ip.ts';
import type { Pools } from '../net/pools.ts';
import { type TcpConnection, listTcp, nudge } from '../kernel/nudge.ts';
import type { Runner } from '../kernel/run.ts';
import { type Elements, compileUser, permits } from './compile.ts';
import { inPieces } from './pieces.ts';
import { NUDGE } from './rules.ts';
import type { State } from './state.ts';

export interface DismissalDeps {
  readonly runner: Runner;
  readonly pools: Pools;
  readonly report: (what: string, detail: string) => void;
}

/** Whose connections are looked at. */
export type Scope = ReadonlySet<Ip> | 'all';

/** A packet gets lost now and then: so often, and so far apart, clients are told. */
const PASSES = 3;
const AGAIN_MS = 1000;

/** Rest after a listing, as a multiple of what it took: a hundred withdrawals a second must not mean as many listings. At most so many ms. */
const REST = 9;
const LONGEST_REST_MS = 1000;

/**
 * Tells users' clients that connections are dead (VPN-8): what is withdrawn does not pass from that moment on, but a client
 * that only listens would wait for ever, for it is reset when it sends something. So it is made to; connections that the rows
 * permit are left alone. Calls that come while one is under way, or soon after, are served together by the next. A failure is reported; it
 * leaves connections that are dead and do not know it.
 */
export function openDismissal({ runner, pools, report }: DismissalDeps): (state: State, users: Scope) => void {
  let latest: State | undefined;
  let waiting: { users: Scope; passes: number } | undefined;
  let isRunning = false;

  function request(users: Scope, passes: number): void {
    waiting =
      waiting === undefined
        ? { users, passes }
        : { users: union(waiting.users, users), passes: Math.max(waiting.passes, passes) };
    if (!isRunning) void run();
  }

  async function run(): Promise<void> {
    isRunning = true;
    for (let call = waiting; call !== undefined; call = waiting) {
      waiting = undefined;
      const begun = performance.now();
      await tell(call.users, call.passes).catch((error: unknown) => report('dismissal', String(error)));
      const restMs = Math.min(LONGEST_REST_MS, REST * (performance.now() - begun));
      if (restMs > 0) await sleep(restMs, undefined, { ref: false });
    }
    isRunning = false;
  }

  async function tell(users: Scope, passes: number): Promise<void> {
    const connections = await listTcp(runner);
    if (latest === undefined) return;
    const refused = await findRefused(connections, latest, users, pools);
    await nudge(runner, refused, Number(NUDGE));
    if (refused.length > 0 && passes > 1) setTimeout(() => request(users, passes - 1), AGAIN_MS).unref();
  }

  return (state, users) => {
    latest = state;
    request(users, PASSES);
  };
}

/** The users' connections that nothing in the rows permits. Thousands of users may have some: other work goes on in between. */
export async function findRefused(
  connections: readonly TcpConnection[],
  state: State,
  users: Scope,
  pools: Pools,
): Promise<TcpConnection[]> {
  const refused: TcpConnection[] = [];
  const steps = Map.groupBy(connections, ({ source }) => source)
    .entries()
    .map(([source, own]) => {
      const user = parseIp(source);
      const isMeant = user !== undefined && includes(pools.users, user) && (users === 'all' || users.has(user));
      if (isMeant) refused.push(...refusedOf(user, own, compileUser(state, user, pools)));
    });
  await inPieces(steps);
  return refused;
}

function refusedOf(user: Ip, connections: readonly TcpConnection[], elements: Elements): TcpConnection[] {
  return connections.filter(({ mark, target }) => {
    const address = parseIp(target);
    return address === undefined || !permits(elements, user, mark, address);
  });
}

function union(a: Scope, b: Scope): Scope {
  return a === 'all' || b === 'all' ? 'all' : new Set(a).union(b);
}
