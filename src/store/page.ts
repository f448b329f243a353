import { type RawBuilder, sql } from 'kysely';

/** A stretch of an ordered list: at most `limit` rows behind the row with the key `after` (sort text, id). */
export interface Window {
  readonly limit: number;
  readonly after: readonly [text: string, id: string] | undefined;
}

/**
 * The condition "behind the window's start" for a list that is ordered by the text column, then the id column.
 * Use with `.where(behind(...))`, `.orderBy(text).orderBy(id)` and `.limit(window.limit)`.
 */
export function behind(window: Window, text: string, id: string): RawBuilder<boolean> {
  if (window.after === undefined) return sql<boolean>`true`;
  const [lastText, lastId] = window.after;
  return sql<boolean>`(${sql.ref(text)}::text, ${sql.ref(id)}::text) > (${lastText}, ${lastId})`;
}
