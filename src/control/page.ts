import type { Window } from '../store/page.ts';
import { Problem } from '../wire/problem.ts';
import type { Page, PageQuery } from '../wire/rest/common.ts';

/**
 * Answers one page of a list. `read` gets the window and returns its rows in order; `keyOf` gives a row's place in that
 * order (sort text, id); `show` makes the item of it. Refuses with `invalid-request` a cursor that is not one of ours.
 */
export async function paged<Row, Item>(
  query: PageQuery,
  read: (window: Window) => Promise<Row[]>,
  keyOf: (row: Row) => readonly [text: string, id: string],
  show: (row: Row) => Item,
): Promise<Page<Item>> {
  // One more than asked for says whether there is a next page.
  const rows = await read({
    limit: query.limit + 1,
    after: query.cursor === undefined ? undefined : open(query.cursor),
  });
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  const next = rows.length > query.limit && last !== undefined ? seal(keyOf(last)) : null;
  return { items: items.map(show), next };
}

function seal(key: readonly [string, string]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function open(cursor: string): readonly [string, string] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.length === 2) {
      const [text, id]: unknown[] = key;
      if (typeof text === 'string' && typeof id === 'string') return [text, id];
    }
  } catch {
    // Not JSON: refused below like every other cursor that we did not make.
  }
  throw new Problem(
    'invalid-request',
    'The cursor is not one of ours. Take `next` of the page before, or leave it out.',
  );
}
