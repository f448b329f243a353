import { type Ip, formatIp } from '../net/ip.ts';
import type { PublicKey } from '../net/keys.ts';

/** What is known of the path to one plant's agent. `up` is undefined until it answered or was given up. */
interface Path {
  readonly ip: Ip;
  readonly address: string;
  /** Rounds since the last answer, or since the agent is known. */
  silent: number;
  /** Nonces of the last probes, the newest last; those that were answered are gone with all before them. */
  waiting: string[];
  up: boolean | undefined;
}

/** Probes that may go unanswered before a path is down. */
const MISSES = 3;

/**
 * An agent that was silent for so many rounds is probed in one round of `SELDOM`: with thousands of agents that are
 * away, the others' probes must not cost more for it.
 */
const PATIENCE = 60;
const SELDOM = 8;

/** What a probe needs of an agent. */
export interface Agent {
  readonly address: Ip;
  readonly publicKey: PublicKey;
}

/** Agents by plant number. */
export type Agents = ReadonlyMap<number, Agent>;

/** A probe to send. */
export interface Probe {
  readonly address: string;
  readonly nonce: string;
}

/** Plants by whether their path is up. */
export interface Split {
  readonly up: number[];
  readonly down: number[];
}

/** Paths to agents by plant number, as the probes show them. A state machine; time passes by `round`. */
export interface Paths {
  /**
   * A second has passed: counts the misses and gives the next probes, one for each agent that is not long silent, and that
   * can be reached at all: one that cannot misses without a probe.
   */
  round(agents: Agents, newNonce: () => string, isInReach?: (agent: Agent) => boolean): Probe[];
  /** An answer came from an address. One that answers no probe of ours is nothing. */
  answered(address: string, nonce: string): void;
  /** What changed since this was last asked. */
  changes(): Split;
  /** All that is known, or undefined while an agent has not been heard of or given up yet. */
  all(): Split | undefined;
}

/** Starts without knowing any path. */
export function trackPaths(): Paths {
  const paths = new Map<number, Path>();
  const plantOf = new Map<string, number>();
  const changed = new Map<number, boolean>();
  let rounds = 0;

  function set(plant: number, path: Path, up: boolean): void {
    if (path.up === up) return;
    path.up = up;
    changed.set(plant, up);
  }

  function begin(plant: number, ip: Ip): Path {
    const path = { ip, address: formatIp(ip), silent: 0, waiting: [], up: undefined };
    paths.set(plant, path);
    plantOf.set(path.address, plant);
    return path;
  }

  function forget(plant: number, path: Path): void {
    paths.delete(plant);
    plantOf.delete(path.address);
    if (path.up === true) changed.set(plant, false);
  }

  function round(agents: Agents, newNonce: () => string, isInReach: (agent: Agent) => boolean = () => true): Probe[] {
    rounds += 1;
    for (const [plant, path] of paths) if (agents.get(plant)?.address !== path.ip) forget(plant, path);
    const due: Probe[] = [];
    for (const [plant, agent] of agents) {
      const path = paths.get(plant) ?? begin(plant, agent.address);
      path.silent += 1;
      const isProbed = isInReach(agent);
      if (path.waiting.length >= MISSES || (!isProbed && path.silent > MISSES)) set(plant, path, false);
      if (!isProbed || (path.silent > PATIENCE && (rounds + plant) % SELDOM !== 0)) continue;
      const nonce = newNonce();
      path.waiting = [...path.waiting.slice(1 - MISSES), nonce];
      due.push({ address: path.address, nonce });
    }
    return due;
  }

  function answered(address: string, nonce: string): void {
    const plant = plantOf.get(address);
    const path = plant === undefined ? undefined : paths.get(plant);
    const at = path?.waiting.indexOf(nonce) ?? -1;
    if (plant === undefined || path === undefined || at < 0) return;
    path.waiting = path.waiting.slice(at + 1);
    path.silent = 0;
    set(plant, path, true);
  }

  return {
    round,
    answered,
    changes: () => {
      const split = halves([...changed]);
      changed.clear();
      return split;
    },
    all: () => {
      const known = [...paths].flatMap(([plant, { up }]): [number, boolean][] =>
        up === undefined ? [] : [[plant, up]],
      );
      return known.length === paths.size ? halves(known) : undefined;
    },
  };
}

function halves(list: readonly (readonly [number, boolean])[]): Split {
  const plants = (wanted: boolean) => list.filter(([, up]) => up === wanted).map(([plant]) => plant);
  return { up: plants(true), down: plants(false) };
}
