import type { Clock } from '../net/clock.ts';

/** Counts attempts by key within a window. */
export interface Throttle {
  /** Counts an attempt. Returns 0 when it may go on, else the seconds until the next may. */
  readonly take: (key: string) => number;
  /** Takes back an attempt that turned out to be rightful. */
  readonly forgive: (key: string) => void;
}

/** More keys than this are not kept: the oldest go first. */
const MOST_KEYS = 100_000;

/**
 * A throttle that allows `limit` attempts per key in `windowMs`. Attempts count when they start, so that many at once
 * get no further than one after the other. Kept in this process: with several, each allows as many.
 */
export function newThrottle({ limit, windowMs, clock }: { limit: number; windowMs: number; clock: Clock }): Throttle {
  const windows = new Map<string, { ends: number; count: number }>();
  const open = (key: string) => {
    const now = clock.now();
    const window = windows.get(key);
    if (window !== undefined && window.ends > now) return window;
    windows.delete(key);
    const [oldest] = windows.keys();
    if (windows.size >= MOST_KEYS && oldest !== undefined) windows.delete(oldest);
    const fresh = { ends: now + windowMs, count: 0 };
    windows.set(key, fresh);
    return fresh;
  };
  return {
    take: (key) => {
      const window = open(key);
      if (window.count >= limit) return Math.max(1, Math.ceil((window.ends - clock.now()) / 1000));
      window.count += 1;
      return 0;
    },
    forgive: (key) => {
      const window = windows.get(key);
      if (window !== undefined && window.count > 0) window.count -= 1;
    },
  };
}
