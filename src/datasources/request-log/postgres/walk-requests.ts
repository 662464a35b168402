import type { NextTurn } from '../stored-request.ts';
import type { Queries, Value } from './database.ts';

/** The most keys that one statement looks at. None of their rows may be in memory, and a statement has 10 seconds. */
const MOST_KEYS = 20_000;
const FEWEST_KEYS = 256;
/** The fewest keys of one value, where a source has many values. Otherwise one with many rows would be read row by row. */
const FEWEST_OF_VALUE = 16;
/** A statement that takes longer looks at half as many keys the next time. */
const LONG_MS = 100;

/** An index that ends with the key of Requests. So it has the Requests of each of its values in the order of the list. */
export interface OrderedIndex {
  readonly table: 'request' | 'identifier';
  readonly column: string;
  readonly key: 'pk' | 'request_pk';
}

/** Where the keys of the Requests stand that may be meant: some values of an index, and beside them single keys. */
export interface KeySource {
  readonly index: OrderedIndex;
  readonly values: readonly string[];
  readonly keys?: readonly number[];
}

/** What must be true of a Request, in SQL. It names its parameters by what it is given: `(add) => 'status = ' + add(…)`. */
export type Condition = (add: (value: Value) => string) => string;

export type KeyRange = readonly [high: number, low: number];

export interface Walk {
  /** Null when any Request may be meant. */
  readonly source: KeySource | null;
  readonly conditions: readonly Condition[];
  /** Newest first, both ends included. */
  readonly ranges: readonly KeyRange[];
}

type Looked<Row> = { readonly reached: number } & (Row | { readonly pk: null });

export interface WalkOptions {
  /** The columns, `pk` among them. */
  readonly select: string;
  readonly nextTurn?: NextTurn | undefined;
}

/**
 * Reads Requests, newest first, until there are `limit` or no more. A statement looks at a bounded number of keys, so one that finds
 * little among millions takes no longer than others.
 */
export async function walkRequests<Row extends { readonly pk: number }>(
  db: Queries,
  { source, conditions, ranges }: Walk,
  limit: number,
  { select, nextTurn }: WalkOptions,
): Promise<Row[]> {
  const found: Row[] = [];
  let count = Math.max(FEWEST_KEYS, 2 * limit);
  for (const [first, low] of ranges) {
    for (let high = first; high >= low && found.length < limit;) {
      await nextTurn?.();
      const began = performance.now();
      const { text, values } = pageStatement({ source, conditions, select }, { high, low, count, limit: limit - found.length });
      const rows = await db.rows<Looked<Row>>(text, values);
      found.push(...rows.flatMap(({ reached: _reached, ...row }) => (row.pk === null ? [] : [row as unknown as Row])));
      high = (rows[0]?.reached ?? low) - 1;
      count = performance.now() - began > LONG_MS ? Math.max(FEWEST_KEYS, count >> 1) : Math.min(MOST_KEYS, count * 2);
    }
    if (found.length >= limit) break;
  }
  return found;
}

/** Whether each value of the source has at most so many keys. */
export async function hasFew(db: Queries, { index: { table, column, key }, values }: KeySource, count: number): Promise<boolean> {
  const [more] = await db.rows(
    `SELECT 1 FROM unnest($1::text[]) AS w (value)
      CROSS JOIN LATERAL (SELECT 1 FROM ${table} WHERE ${column} = w.value::word ORDER BY ${key} OFFSET $2 LIMIT 1) k LIMIT 1`,
    [values, count],
  );
  return more === undefined;
}

/**
 * Looks at about `count` keys from `high` down to `low`, and gives back with each row the lowest key that it has looked at. Without a
 * row that is meant there is one row with that alone.
 */
export function pageStatement(
  { source, conditions, select }: Pick<Walk, 'source' | 'conditions'> & Pick<WalkOptions, 'select'>,
  { high, low, count, limit }: { readonly high: number; readonly low: number; readonly count: number; readonly limit: number },
): { readonly text: string; readonly values: readonly Value[] } {
  const each = source ? Math.max(FEWEST_OF_VALUE, Math.ceil(count / Math.max(1, source.values.length))) : count;
  const values: Value[] = [high, low, each, limit];
  const add = (value: Value) => `$${values.push(value)}`;
  const looked = source ? lookedSql(source, add) : REACHED_OF_ALL;
  const where = conditions.map((condition) => condition(add)).join(' AND ');
  return { text: `${looked} ${source ? ofKeysSql(select, where) : ofAllSql(select, where)}`, values };
}

const REACHED_OF_ALL = `WITH reached AS MATERIALIZED (SELECT coalesce((SELECT pk FROM request WHERE pk BETWEEN $2::bigint AND $1::bigint
  ORDER BY pk DESC OFFSET $3::bigint - 1 LIMIT 1), $2::bigint) AS pk)`;

function ofAllSql(select: string, where: string): string {
  return `SELECT reached.pk AS reached, r.* FROM reached LEFT JOIN LATERAL (SELECT ${select} FROM request
    WHERE pk BETWEEN reached.pk AND $1::bigint AND ${where} ORDER BY pk DESC LIMIT $4) r ON true ORDER BY r.pk DESC`;
}

/** Values that have more keys end the part that is looked at: below the highest of their last keys some are missing. */
function lookedSql({ index: { table, column, key }, values, keys }: KeySource, add: (value: Value) => string): string {
  const single = keys
    ? ` UNION ALL SELECT k.pk FROM unnest(${add(keys)}::bigint[]) AS k (pk) CROSS JOIN reached WHERE k.pk BETWEEN reached.pk AND $1::bigint`
    : '';
  return `WITH looked AS MATERIALIZED (SELECT w.value, k.pk FROM unnest(${add(values)}::text[]) AS w (value) CROSS JOIN LATERAL (
      SELECT ${key} AS pk FROM ${table} WHERE ${column} = w.value::word AND ${key} BETWEEN $2::bigint AND $1::bigint
      ORDER BY ${key} DESC LIMIT $3::bigint) k),
    reached AS MATERIALIZED (SELECT coalesce(max(l.pk), $2::bigint) AS pk
      FROM (SELECT min(pk) AS pk FROM looked GROUP BY value HAVING count(*) >= $3::bigint) l),
    meant AS MATERIALIZED (SELECT DISTINCT m.pk FROM (
      SELECT l.pk FROM looked l CROSS JOIN reached WHERE l.pk >= reached.pk${single}) m)`;
}

/** With OFFSET 0 each row is looked up by its key: nothing makes the database read all Requests instead. */
function ofKeysSql(select: string, where: string): string {
  return `SELECT reached.pk AS reached, r.* FROM reached LEFT JOIN LATERAL (
      SELECT f.* FROM (SELECT pk FROM meant ORDER BY pk DESC) k
      CROSS JOIN LATERAL (SELECT ${select} FROM request WHERE pk = k.pk AND ${where} OFFSET 0) f ORDER BY k.pk DESC LIMIT $4
    ) r ON true ORDER BY r.pk DESC`;
}
