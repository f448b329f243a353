import { type Ip, formatIp } from '../net/ip.ts';

/** What is known of the path to one plant's agent. `up` is undefined until it answered or was given up. */
interface Path {
  readonly address: string;
  /** Nonces of the last probes, the newest last; those that were answered are gone with all before them. */
  waiting: string[];
  up: boolean | undefined;
}

/** Probes that may go unanswered before a path is down. */
const MISSES = 3;

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
  /** A second has passed: counts the misses and gives the next probes, one for each agent. */
  round(agents: ReadonlyMap<number, { readonly address: Ip }>, newNonce: () => string): Probe[];
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

  function set(plant: number, path: Path, up: boolean): void {
    if (path.up === up) return;
    path.up = up;
    changed.set(plant, up);
  }

  function forget(plant: number, path: Path): void {
    paths.delete(plant);
    plantOf.delete(path.address);
    if (path.up === true) changed.set(plant, false);
  }

  function round(agents: ReadonlyMap<number, { readonly address: Ip }>, newNonce: () => string): Probe[] {
    for (const [plant, path] of paths) {
      const agent = agents.get(plant);
      if (agent === undefined || formatIp(agent.address) !== path.address) forget(plant, path);
    }
    return [...agents].map(([plant, agent]) => {
      const path = paths.get(plant) ?? { address: formatIp(agent.address), waiting: [], up: undefined };
      paths.set(plant, path);
      plantOf.set(path.address, plant);
      if (path.waiting.length >= MISSES) set(plant, path, false);
      const nonce = newNonce();
      path.waiting = [...path.waiting.slice(1 - MISSES), nonce];
      return { address: path.address, nonce };
    });
  }

  function answered(address: string, nonce: string): void {
    const plant = plantOf.get(address);
    const path = plant === undefined ? undefined : paths.get(plant);
    const at = path?.waiting.indexOf(nonce) ?? -1;
    if (plant === undefined || path === undefined || at < 0) return;
    path.waiting = path.waiting.slice(at + 1);
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
