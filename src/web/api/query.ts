import { queryOptions } from '@tanstack/react-query';
import { ApiProblem } from './client.ts';
import type { Topic } from './topics.ts';

/**
 * A read of the API for React Query: `read('plants', ['list'], (signal) => bodyOf(api.GET('/api/v1/plants', { signal })))`.
 * The first part of the key is the topic, by which it is refreshed.
 */
export function read<T>(topic: Topic, key: readonly unknown[], call: (signal: AbortSignal) => Promise<T>) {
  return queryOptions({ queryKey: [topic, ...key], queryFn: ({ signal }) => call(signal) });
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** All items of a list that comes in pages. */
export async function allPages<T>(page: (cursor: string | undefined) => Promise<PageOf<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

/** Refusals stay refusals; only silence is tried again, and the offline bar says so meanwhile. */
export function shouldRetry(failures: number, error: Error): boolean {
  return error instanceof ApiProblem && error.code === 'offline' && failures < 2;
}
