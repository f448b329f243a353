import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../store/db.ts';
import type { Schema } from '../../store/schema.ts';

type Value = string | number | boolean | null;

/** A column's SQL type, and its value in a row. */
export type Columns<T> = Readonly<Record<string, readonly [type: string, value: (row: T, index: number) => Value]>>;

/** Rows per statement: some megabytes of parameters. */
const CHUNK = 20_000;

/** Inserts rows as one array per column, which costs little more than COPY. Numbers that are generated otherwise are taken as given. */
export async function insertAll<T>(
  tx: Tx,
  table: keyof Schema | 'source_since',
  rows: readonly T[],
  columns: Columns<T>,
): Promise<void> {
  const names = Object.keys(columns).map((name) => sql.id(name));
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.slice(from, from + CHUNK);
    const arrays = Object.values(columns).map(
      ([type, value]): RawBuilder<unknown> => sql`${chunk.map((row, n) => value(row, from + n))}::${sql.raw(type)}[]`,
    );
    await sql`
      insert into ${sql.table(table)} (${sql.join(names)}) overriding system value
      select * from unnest(${sql.join(arrays)})`.execute(tx);
  }
}
