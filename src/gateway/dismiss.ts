import { listTcp, nudge } from '../kernel/nudge.ts';
import type { Runner } from '../kernel/run.ts';
import type { Elements } from './compile.ts';
import { NUDGE } from './rules.ts';

/** Users whose elements these are, as text. */
export function usersOf(elements: Elements): Set<string> {
  return new Set([...elements.keys()].map((key) => key.split(' ')[1] ?? ''));
}

/**
 * Tells users' clients that connections are dead (VPN-8): what is withdrawn does not pass from that moment on, but a client
 * that only listens would wait for ever, for it is reset when it sends something. So it is made to. Calls that come while one is under way are
 * served together by the next. A failure is reported; it leaves connections that are dead and do not know it.
 */
export function openDismissal(
  runner: Runner,
  report: (what: string, detail: string) => void,
): (users: ReadonlySet<string>) => void {
  let waiting = new Set<string>();
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (waiting.size > 0) {
      const users = waiting;
      waiting = new Set();
      try {
        const connections = await listTcp(runner);
        await nudge(
          runner,
          connections.filter(({ source }) => users.has(source)),
          Number(NUDGE),
        );
      } catch (error) {
        report('dismissal', String(error));
      }
    }
    isRunning = false;
  };
  return (users) => {
    waiting = waiting.union(users);
    if (!isRunning) void run();
  };
}
