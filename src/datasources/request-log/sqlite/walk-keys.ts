import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextImmediate } from 'node:timers/promises';
import type { NextTurn } from '../stored-request.ts';

/** How long a list looks for rows in one turn. A statement that took more than half of it looks at half as many keys the next time. */
export const TURN_MS = 4;
/** The most keys that one statement looks at. 2,048 Requests that are not meant take 1 ms, and about ten when they are not in memory. */
const MOST_KEYS = 2_048;
const FEWEST_KEYS = 128;
/** The fewest keys of one value, where a source has many values. Otherwise one with many rows would be read row by row. */
const FEWEST_OF_VALUE = 16;

export type Parameters = Readonly<Record<string, SQLInputValue>>;

/** Runs a read of the store. */
export type Read = <Result>(work: () => Result) => Promise<Result>;

/** An index that ends with the key of the list's rows. So it has the rows of each of its values in the order of the list. */
export interface OrderedIndex {
  /** The table, and the index when SQLite must be told. */
  readonly from: string;
  readonly column: string;
  readonly key: 'pk' | 'request_pk';
  /** What a partial index says of its rows, word for word. */
  readonly only?: string;
}

/** Where the keys of the rows stand that may be meant: some values of an index, and beside them single keys. */
export interface KeySource {
  readonly index: OrderedIndex;
  readonly values: readonly string[];
  readonly keys?: readonly number[];
}

/** The rows of a table, in the order of their key `pk`. */
export interface KeyedRows {
  readonly table: string;
  readonly select: string;
  readonly order: 'ASC' | 'DESC';
}

export interface Walk {
  /** Null when any row of the table may be meant. */
  readonly source: KeySource | null;
  /** What else must be true of a row, in SQL. */
  readonly conditions: readonly string[];
  readonly parameters: Parameters;
  /** From one key to another one, both included, in the order of the rows. */
  readonly ranges: readonly KeyRange[];
}

export type KeyRange = readonly [first: number, last: number];

/**
 * Reads pages of lists in the order of their keys. It looks at a bounded number of keys in a statement, and goes on for some
 * milliseconds in a turn until the page is full. So a list that finds little among millions holds nobody up, and nothing is sorted.
 */
export class KeyWalker {
  readonly #db: DatabaseSync;
  readonly #read: Read;
  readonly #prepared = new Map<string, StatementSync>();
  #turns: Promise<unknown> = Promise.resolve();

  constructor(db: DatabaseSync, read: Read) {
    this.#db = db;
    this.#read = read;
  }

  /**
   * @param plan runs in the first turn.
   * @param nextTurn is waited for before each turn. Without it all lists together have one turn of the event loop after the other.
   */
  async page<Row>(rows: KeyedRows, plan: () => Walk, limit: number, nextTurn?: NextTurn): Promise<Row[]> {
    const found: Row[] = [];
    let place: Place | null = null;
    do {
      await this.waitForTurn(nextTurn);
      place = await this.#read(() => this.#look(rows, (place ??= this.#start(rows, plan(), limit)), limit, found as unknown[]));
    } while (place !== null && found.length < limit);
    return found;
  }

  /** Runs `work` in a turn, and again in the next one, as long as it gives back true. */
  async repeat(work: () => boolean, nextTurn?: NextTurn): Promise<void> {
    while (await this.#read(work)) await this.waitForTurn(nextTurn);
  }

  waitForTurn(nextTurn: NextTurn = this.#nextTurn): Promise<unknown> {
    return nextTurn();
  }

  /** Whether each value of the source has at most so many keys. */
  hasAtMost({ order }: KeyedRows, { index, values }: KeySource, count: number): boolean {
    return values.every((value) => this.#get(reachSql(index, order), { value, low: 0, high: Number.MAX_SAFE_INTEGER, count }) === null);
  }

  readonly #nextTurn = (): Promise<unknown> => (this.#turns = this.#turns.then(() => nextImmediate()));

  /** A value without any key is left out: a caller may have rights to many accounts of which few have rows. */
  #start(rows: KeyedRows, { source, ...walk }: Walk, limit: number): Place {
    const values = source?.values.filter((value) => !this.hasAtMost(rows, { index: source.index, values: [value] }, 0)) ?? [];
    const count = Math.min(MOST_KEYS, Math.max(FEWEST_KEYS, limit));
    return { walk: { ...walk, source: source && { ...source, values } }, range: 0, at: null, count };
  }

  /** Looks at keys for one turn. Null when none is left. */
  #look(rows: KeyedRows, place: Place, limit: number, found: unknown[]): Place | null {
    const { walk } = place;
    const sql = rowsSql(rows, walk);
    const values = walk.source && { values: JSON.stringify(walk.source.values) };
    const keys = walk.source?.keys && { keys: JSON.stringify(walk.source.keys) };
    let { range, at, count } = place;
    const began = performance.now();
    for (let now = began; found.length < limit && now - began < TURN_MS;) {
      const [first, last] = walk.ranges[range] ?? [];
      if (first === undefined || last === undefined) return null;
      const end = this.#reach(rows, walk.source, at ?? first, last, count);
      const [low, high] = inOrder(at ?? first, end);
      found.push(...this.#all(sql, { ...walk.parameters, ...values, ...keys, low, high, limit: limit - found.length }));
      [range, at] = end === last ? [range + 1, null] : [range, rows.order === 'ASC' ? end + 1 : end - 1];
      const before = now;
      now = performance.now();
      count = now - before > TURN_MS / 2 ? Math.max(FEWEST_KEYS, count >> 1) : Math.min(MOST_KEYS, count * 2);
    }
    return { walk, range, at, count };
  }

  /** The key up to which about `count` keys of the source stand. */
  #reach({ table, order }: KeyedRows, source: KeySource | null, from: number, last: number, count: number): number {
    const [low, high] = inOrder(from, last);
    const sql = source ? reachSql(source.index, order) : reachAllSql(table, order);
    const each = source ? Math.max(FEWEST_OF_VALUE, Math.ceil(count / source.values.length)) : count;
    let end = last;
    for (const value of source ? source.values : [null]) {
      const reached = this.#get(sql, { ...(value === null ? {} : { value }), low, high, count: each });
      if (reached !== null) end = order === 'ASC' ? Math.min(end, reached) : Math.max(end, reached);
    }
    return end;
  }

  #get(sql: string, parameters: Parameters): number | null {
    return (this.#prepare(sql).get(parameters) as { pk: number } | undefined)?.pk ?? null;
  }

  #all(sql: string, parameters: Parameters): unknown[] {
    return this.#prepare(sql).all(parameters);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

/** How far a walk is: in which range, at which key, and how many keys the next statement looks at. */
interface Place {
  readonly walk: Walk;
  readonly range: number;
  /** Null at the beginning of the range. */
  readonly at: number | null;
  readonly count: number;
}

function inOrder(one: number, other: number): readonly [low: number, high: number] {
  return one < other ? [one, other] : [other, one];
}

/** The key that stands so many keys behind the beginning of a range. */
function reachSql({ from, column, key, only }: OrderedIndex, order: KeyedRows['order']): string {
  return `SELECT ${key} AS pk FROM ${from} WHERE ${[`${column} = :value`, `${key} BETWEEN :low AND :high`, ...(only ? [only] : [])].join(' AND ')}
    ORDER BY ${key} ${order} LIMIT 1 OFFSET :count`;
}

function reachAllSql(table: string, order: KeyedRows['order']): string {
  return `SELECT pk FROM ${table} NOT INDEXED WHERE pk BETWEEN :low AND :high ORDER BY pk ${order} LIMIT 1 OFFSET :count`;
}

/** SQLite finds rows by a list of keys in the order of the keys. */
function rowsSql({ table, select, order }: KeyedRows, { source, conditions }: Walk): string {
  const where = [source ? `pk IN (${keysSql(source)})` : 'pk BETWEEN :low AND :high', ...conditions];
  return `SELECT ${select} FROM ${table} NOT INDEXED WHERE ${where.join(' AND ')} ORDER BY pk ${order} LIMIT :limit`;
}

function keysSql({ index: { from, column, key, only }, keys }: KeySource): string {
  const where = [`${column} IN (SELECT value FROM json_each(:values))`, `${key} BETWEEN :low AND :high`, ...(only ? [only] : [])];
  const single = keys ? ' UNION ALL SELECT value FROM json_each(:keys) WHERE value BETWEEN :low AND :high' : '';
  return `SELECT ${key} FROM ${from} WHERE ${where.join(' AND ')}${single}`;
}

/** Every statement that a walk runs. */
export function statementsOf(rows: KeyedRows, walk: Walk): string[] {
  return [walk.source ? reachSql(walk.source.index, rows.order) : reachAllSql(rows.table, rows.order), rowsSql(rows, walk)];
}
