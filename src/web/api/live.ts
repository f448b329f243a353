import type { QueryClient } from '@tanstack/react-query';
import { TOPICS } from './topics.ts';

/** Whether events arrive. `lost` comes after five seconds without; the screen says since when. */
export type LiveState = { readonly state: 'live' } | { readonly state: 'lost'; readonly since: number };

export interface Live {
  subscribe(listener: () => void): () => void;
  state(): LiveState;
  stop(): void;
}

const LOST_AFTER_MS = 5000;

interface Message {
  readonly topic: string;
}

/**
 * Listens to control's events and refreshes what they are about. They carry no data: what is shown always comes from the
 * API, by the rights of whoever asks. After a pause everything is read again.
 */
export function listen(client: QueryClient, onEnded: () => void, open = () => new EventSource('/api/v1/events')): Live {
  const listeners = new Set<() => void>();
  let state: LiveState = { state: 'live' };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource | undefined;

  const become = (next: LiveState) => {
    if (next.state === state.state) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const refresh = (topic: string) => {
    if (topic === 'all') void client.invalidateQueries();
    else if ((TOPICS as readonly string[]).includes(topic)) void client.invalidateQueries({ queryKey: [topic] });
  };
  const start = () => {
    source = open();
    source.addEventListener('open', () => {
      clearTimeout(timer);
      timer = undefined;
      if (state.state === 'lost') refresh('all');
      become({ state: 'live' });
    });
    source.addEventListener('error', () => {
      const since = Date.now();
      timer ??= setTimeout(() => become({ state: 'lost', since }), LOST_AFTER_MS);
      if (source?.readyState !== EventSource.CLOSED) return;
      // The browser has given up (an answer that was no stream); it is asked again by hand.
      setTimeout(() => source?.readyState === EventSource.CLOSED && start(), LOST_AFTER_MS);
    });
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const message = parse(data);
      if (message === undefined) return;
      if (message.topic === 'session-ended') onEnded();
      else refresh(message.topic);
    });
  };
  start();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => state,
    stop: () => {
      clearTimeout(timer);
      source?.close();
      source = undefined;
    },
  };
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMessage(value) ? value : undefined;
  } catch {
    // An event of a later version of control: what it is about is not known here.
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'topic' in value && typeof value.topic === 'string';
}
