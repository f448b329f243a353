/**
 * Lets one run of `work` do for all calls that come while it is under way, and for one more run after it: wake-ups carry no
 * data, so many of them are worth one. The promise that a call gets is settled when a run that began after it has ended.
 */
export function merging(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    const run = work().finally(() => {
      if (current === run) current = undefined;
    });
    current = run;
    return run;
  };
  const startAfter = async (former: Promise<void>): Promise<void> => {
    await former.catch(() => undefined);
    next = undefined;
    return start();
  };
  return () => {
    if (next !== undefined) return next;
    if (current === undefined) return start();
    next = startAfter(current);
    return next;
  };
}

/** Lets at most `most` calls be under way; further ones wait in their order. */
export function limiting(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
