/** What a bench started and must not leave behind: closed when the bench ends, and when somebody ends it. */

const open = new Set<() => Promise<void>>();

/** Remembers how something is closed. Returns the same, to be called once it is over; a second call waits for the first. */
export function untilLeft(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const once = () => {
    closing ??= close().finally(() => open.delete(once));
    return closing;
  };
  open.add(once);
  return once;
}

/** Closes all that is still open. Never rejects: whoever leaves does so whatever remains. */
export async function leave(): Promise<void> {
  await Promise.allSettled([...open].map((close) => close()));
}
