import { type IncomingMessage, get } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { ClientConfig } from 'pg';
import { type App, buildApp } from '../../src/control/http/app.ts';
import { startEvents } from '../../src/control/tasks/events.ts';
import { type EventJson, eventSchema } from '../../src/wire/rest/events.ts';
import type { Person, TestControl } from './app.ts';

/** A control process that listens, with its events; beside the one that the test calls. */
export interface Process extends AsyncDisposable {
  readonly url: string;
  readonly app: App;
}

/** Starts one. `database`: where it listens to notifications, when that is to be one that tells none. */
export async function startProcess(control: TestControl, database?: ClientConfig): Promise<Process> {
  const app = await buildApp(control.deps);
  const events = startEvents(control.deps, app.streams, database ?? control.connection);
  await events.heard;
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    url: `${url}/api/v1/events`,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await events.stop();
    },
  };
}

/** Somebody who listens. */
export interface Listener extends Disposable {
  readonly status: number | undefined;
  /** All that came. */
  readonly events: EventJson[];
  /** Also what is no event. */
  text(): string;
  /** Resolves when one came, since the last call, that has these fields. */
  next(wanted: Partial<EventJson>): Promise<EventJson>;
  /** Forgets what came up to now. */
  forget(): void;
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
}

const asleep = (): void => undefined;

/** Opens a stream. */
export async function listenTo(url: string, who: Person, headers: Record<string, string> = {}): Promise<Listener> {
  const request = get(url, { headers: { authorization: `Bearer ${who.token}`, ...headers }, agent: false });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  request.on('error', () => undefined);
  const events: EventJson[] = [];
  let text = '';
  let wake = asleep;
  const read = async () => {
    let rest = '';
    answer.setEncoding('utf8');
    for await (const chunk of answer) {
      text += String(chunk);
      const blocks = (rest + String(chunk)).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) events.push(eventSchema.parse(JSON.parse(data)));
      }
      wake();
    }
  };
  const ended = read().catch(() => undefined);
  return {
    status: answer.statusCode,
    events,
    ended,
    text: () => text,
    forget: () => {
      events.length = 0;
    },
    next: async (wanted) => {
      const isWanted = (event: EventJson) => isDeepStrictEqual({ ...event, ...wanted }, event);
      for (;;) {
        const at = events.findIndex(isWanted);
        const found = events[at];
        if (found !== undefined) {
          events.splice(at, 1);
          return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    [Symbol.dispose]: () => void request.destroy(),
  };
}
