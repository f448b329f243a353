import { merging } from './merging.ts';

/**
 * Notes confirmations: of those that come while one is being written only the latest is, for it covers the others. A gateway
 * that confirms a hundred changes a second waits for nothing and makes no queue. Rejects with what went wrong.
 */
export function acknowledging(write: (revision: number) => Promise<void>): (revision: number) => Promise<void> {
  let latest = 0;
  const note = merging(() => write(latest));
  return (revision) => {
    latest = Math.max(latest, revision);
    return note();
  };
}
