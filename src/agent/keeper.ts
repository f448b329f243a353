import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../net/clock.ts';
import type { AgentState } from '../wire/state.ts';
import type { ProbeResponder } from './probe.ts';
import { readOnly } from '../kernel/read-only.ts';
import { tunnelsOf } from './network.ts';
import { type Kernel, loadRules, reconcile } from './reconcile.ts';
import { type Heard, revive } from './revive.ts';

export interface KeeperDeps {
  readonly kernel: Kernel;
  readonly probes: ProbeResponder;
  readonly clock: Clock;
  /** The kernel holds this state. Called once for each state that is set. */
  readonly onApplied: (state: AgentState) => void;
  /** Something was changed by others and is repaired (VPN-6). */
  readonly onRepaired: (what: string) => void;
  /** The kernel could not be brought to the state; it is tried again. */
  readonly onFailed: (error: unknown) => void;
}

/** Keeps the kernel as the last state says: at once when it is set or somebody changes the rules, and every two seconds. */
export interface Keeper {
  set(state: AgentState): void;
  /** Stops watching and leaves the kernel as it is: tunnels and rules live on without this process. */
  close(): Promise<void>;
}

const CHECK_EVERY_MS = 2000;

/** Starts a keeper that has no state yet, and therefore touches nothing. */
export function startKeeper({ kernel, probes, clock, onApplied, onRepaired, onFailed }: KeeperDeps): Keeper {
  let wanted: AgentState | undefined;
  let applied: AgentState | undefined;
  let foreign = false;
  let queued = false;
  let looking = false;
  // Whether the next pass looks at everything, and not at the rules alone.
  let whole = true;
  let heard: ReadonlyMap<string, Heard> = new Map();
  let running = Promise.resolve();

  const pass = async (): Promise<void> => {
    queued = false;
    const state = wanted;
    if (state === undefined) return;
    if (foreign) kernel.rules.loaded = undefined;
    foreign = false;
    const isWhole = whole || applied === undefined || !isSameNetwork(applied, state);
    whole = false;
    try {
      const done = isWhole ? await reconcile(kernel, state) : await loadRules(kernel, state);
      await probes.set(state);
      if (applied === state) done.forEach(onRepaired);
      else onApplied(state);
      applied = state;
    } catch (error) {
      whole = true;
      onFailed(error);
    }
  };

  // One code path for a new state, a foreign change and the check; calls that come while one waits are one.
  const wake = (): void => {
    if (queued) return;
    queued = true;
    running = running.then(pass);
  };

  /** Reads only, so that no new state has to wait for it; what is not as it should be is put right in a pass. */
  const look = async (state: AgentState): Promise<void> => {
    try {
      await reconcile({ ...kernel, runner: readOnly(kernel.runner) }, state);
      heard = await revive(kernel.runner, tunnelsOf(state), heard, clock.now());
    } catch {
      whole = true;
      wake();
    }
  };

  const check = (): void => {
    if (wanted === undefined || foreign || wanted !== applied || wanted !== kernel.rules.loaded) wake();
    else if (!looking) {
      looking = true;
      void look(wanted).finally(() => (looking = false));
    }
  };

  const watching = kernel.nft.watch(() => {
    foreign = true;
    wake();
  });
  const checking = setInterval(check, CHECK_EVERY_MS);

  return {
    set: (state) => {
      wanted = state;
      wake();
    },
    close: async () => {
      clearInterval(checking);
      watching.stop();
      await running;
      probes.close();
    },
  };
}

/** Whether two states differ in nothing but what the rules say: who may pass, which is what changes often. */
function isSameNetwork(a: AgentState, b: AgentState): boolean {
  return isDeepStrictEqual(
    { ...a, revision: 0, users: [], subnets: [] },
    { ...b, revision: 0, users: [], subnets: [] },
  );
}
