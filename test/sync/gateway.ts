import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { type Elements, compileUser } from '../../src/gateway/compile.ts';
import { openDisk } from '../../src/gateway/disk.ts';
import { type State, applyChange, touchedBy } from '../../src/gateway/state.ts';
import { type Sync, type SyncDeps, openSync } from '../../src/gateway/sync.ts';
import { signBytes } from '../../src/net/keys.ts';
import { DEFAULT_POOLS } from '../../src/net/pools.ts';
import { type Link, connectLink } from '../../src/wire/link.ts';
import { helloBytes } from '../../src/wire/sync.ts';
import type { TestDaemon } from '../postgres/world.ts';
import type { Chance } from './chance.ts';
import { emptyDigest } from './oracle.ts';
import { after } from './turns.ts';

/** What a gateway's kernel held at a moment. */
export interface Moment {
  readonly what: 'acknowledged' | 'changed';
  /** The latest revision that it had acknowledged. What was withdrawn up to it must not be there. */
  readonly acknowledged: number;
  /** The latest that it was told. What is there must be of the time up to it. */
  readonly told: number;
  readonly digest: string;
}

/** With so many elements at most, a change is made in one piece. */
const FEW = 5000;

/** A gateway's daemon, its disk, and a kernel that is a map. */
export interface TestGateway extends AsyncDisposable {
  /** What the kernel holds. It stays while the daemon is away. */
  readonly elements: ReadonlyMap<string, string>;
  readonly moments: readonly Moment[];
  revision(): number;
  /** Forgets the moments, and what it acknowledged. */
  forget(): void;
  /** Starts the daemon from its disk. */
  start(): Promise<void>;
  /** Ends the daemon at once, whatever it is doing. */
  kill(): Promise<void>;
}

/** Makes a gateway that connects to `url`. Its kernel takes up to `slowMs` for a change. */
export async function testGateway(
  daemon: TestDaemon,
  url: string,
  chance: Chance,
  slowMs: number,
): Promise<TestGateway> {
  const directory = await mkdtemp(join(inject('directory'), 'sync-'));
  const kernel = emptyKernel();
  const moments: Moment[] = [];
  let acknowledged = 0;
  let told = 0;
  let isLarge = false;
  let running: { readonly link: Link; readonly sync: Sync; readonly close: () => void } | undefined;

  const note = (what: Moment['what']): void => {
    moments.push({ what, acknowledged, told, digest: kernel.text() });
  };
  const enforcer = fakeEnforcer(kernel, async () => {
    await delay(chance.below(slowMs + 1));
    // A large change comes in pieces, and between them is of no revision.
    isLarge ||= kernel.elements.size > FEW;
    if (!isLarge) note('changed');
  });

  const start = async (): Promise<void> => {
    const disk = openDisk(join(directory, 'state.db'));
    const acknowledge = (): void => {
      if (sync.inForce() === 0 || link?.send({ type: 'ack', revision: sync.inForce() }) !== true) return;
      acknowledged = sync.inForce();
      note('acknowledged');
    };
    const sync = openSync({ disk, enforcer, onInForce: acknowledge, onBroken: () => undefined });
    let link: Link | undefined;
    await sync.begin();
    link = connectLink({
      url,
      hello: (nonce) => ({
        type: 'hello',
        kind: 'gateway',
        id: daemon.id,
        signature: signBytes(daemon.identity.privateKey, helloBytes('gateway', daemon.id, nonce)),
        have: sync.revision(),
        clock: Date.now(),
      }),
      onMessage: async (message, hasMore) => {
        if (message.type !== 'snapshot' && message.type !== 'delta') return;
        told = Math.max(told, message.type === 'delta' ? message.to : message.revision);
        await sync.take(message, hasMore);
      },
      onState: (connected) => {
        if (!connected) return;
        sync.restart();
        acknowledge();
      },
    });
    running = { link, sync, close: () => disk.close() };
  };

  const kill = async (): Promise<void> => {
    const { link, sync, close } = running ?? {};
    running = undefined;
    await link?.close();
    await sync?.stop();
    close?.();
  };

  return {
    elements: kernel.elements,
    moments,
    revision: () => running?.sync.inForce() ?? 0,
    forget: () => {
      moments.splice(0);
      acknowledged = 0;
    },
    start,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(directory, { recursive: true });
    },
  };
}

/** A kernel that is a map, and the digest of what is in it. */
function emptyKernel(): {
  elements: Map<string, string>;
  add(of: Elements): void;
  remove(of: Elements): void;
  text(): string;
} {
  const elements = new Map<string, string>();
  const sum = emptyDigest();
  const remove = (of: Elements): void => {
    for (const key of of.keys()) {
      const value = elements.get(key);
      if (value !== undefined && elements.delete(key)) sum.remove(key, value);
    }
  };
  return {
    elements,
    remove,
    add: (of) => {
      remove(of);
      for (const [key, value] of of) {
        elements.set(key, value);
        sum.add(key, value);
      }
    },
    text: sum.text,
  };
}

/** Compiles what it is told into the kernel, one call at a time; `settled` runs when it has changed. */
function fakeEnforcer(kernel: ReturnType<typeof emptyKernel>, settled: () => Promise<void>): SyncDeps['enforcer'] {
  let turn = Promise.resolve();
  const inTurn = (work: () => void): Promise<void> => {
    turn = after(turn, async () => {
      work();
      await settled();
    });
    return turn;
  };
  const load = (state: State): void => {
    kernel.remove(new Map(kernel.elements));
    for (const user of state.users.keys()) kernel.add(compileUser(state, user, DEFAULT_POOLS));
  };
  return {
    converge: (state) => inTurn(() => load(state)),
    replace: (_, after) => inTurn(() => load(after)),
    change: (state, rows, gone) =>
      inTurn(() => {
        const { users } = touchedBy(state, rows, gone);
        for (const user of users) kernel.remove(compileUser(state, user, DEFAULT_POOLS));
        applyChange(state, rows, gone);
        for (const user of users) kernel.add(compileUser(state, user, DEFAULT_POOLS));
      }),
  };
}
