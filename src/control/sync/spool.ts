/**
 * Runs `read` at once and at full speed, and keeps what it puts, for any number of takers at their own pace, also later: whoever is
 * slow keeps no cursor and no connection to the database. Each taker gets everything from the first part on, and then the
 * failure of `read`, if it failed. Goes with its last taker.
 */
export function spooled<T>(read: (put: (part: T) => void) => Promise<void>): AsyncIterable<T> {
  const parts: T[] = [];
  let more = Promise.withResolvers<void>();
  let ended = false;
  const advance = (): void => {
    more.resolve();
    more = Promise.withResolvers();
  };
  const reading = read((part) => {
    parts.push(part);
    advance();
  }).finally(() => {
    ended = true;
    advance();
  });
  // Whoever takes meets the failure; there may be nobody any more.
  reading.catch(() => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      for (let taken = 0; ;) {
        for (const part of parts.slice(taken)) {
          yield part;
          taken += 1;
        }
        if (taken < parts.length) continue;
        if (ended) {
          await reading;
          return;
        }
        await more.promise;
      }
    },
  };
}
