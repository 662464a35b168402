import type { DatabaseSync } from 'node:sqlite';
import type { AloneDatabase } from '../postgres/alone.ts';
import type { Value } from '../postgres/database.ts';
import { COPIED_TABLES, type CopiedTable, type CopyOf, type SourceRow } from './copied-tables.ts';

const ROWS_AT_ONCE = 2_000;
const BYTES_AT_ONCE = 4 * 1_048_576;

/** How far a copy has come: rows of a table up to a key. */
export interface CopyPosition {
  readonly table: number;
  readonly after: readonly (number | string)[];
  /** In all tables. */
  readonly rows: number;
}

export const COPY_BEGIN: CopyPosition = { table: 0, after: COPIED_TABLES[0]?.start ?? [], rows: 0 };

export interface RowsToCopy {
  readonly source: DatabaseSync;
  readonly target: AloneDatabase;
  readonly of: CopyOf;
  /** Called inside each transaction, after its rows. */
  readonly remember: (position: CopyPosition) => Promise<void>;
  readonly rowsAtOnce: number | undefined;
}

/** Copies all rows from a position on, in transactions of a bounded size. Each one remembers its position with its rows. */
export async function copyRows(
  { source, target, of, remember, rowsAtOnce = ROWS_AT_ONCE }: RowsToCopy,
  from: CopyPosition,
): Promise<CopyPosition> {
  let position = from;
  for (let table = COPIED_TABLES[position.table]; table; table = COPIED_TABLES[position.table]) {
    const next = source.prepare(
      `SELECT ${table.select} FROM ${table.from} WHERE ${rowsAfter(table)} ORDER BY ${table.key.join(', ')} LIMIT ${rowsAtOnce}`,
    );
    const sql = insertInto(table);
    for (let isDone = false; !isDone;) {
      const { rows, isLast } = takeSome(next.iterate(...position.after) as Iterable<SourceRow>, rowsAtOnce);
      isDone = isLast;
      const values = table.columns.map((column) => rows.map((row) => column.read(row, of)));
      position = isDone
        ? { table: position.table + 1, after: COPIED_TABLES[position.table + 1]?.start ?? [], rows: position.rows + rows.length }
        : { ...position, after: keyOf(table, rows), rows: position.rows + rows.length };
      await target.transaction(async () => {
        if (rows.length > 0) await target.run(sql, values as unknown as readonly Value[]);
        await remember(position);
      });
    }
  }
  return position;
}

export function rowsAfter({ key, where }: CopiedTable): string {
  return `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})${where === undefined ? '' : ` AND ${where}`}`;
}

function takeSome(found: Iterable<SourceRow>, most: number): { rows: SourceRow[]; isLast: boolean } {
  const rows: SourceRow[] = [];
  let bytes = 0;
  for (const row of found) {
    rows.push(row);
    for (const value of Object.values(row))
      bytes += typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length : 8;
    if (bytes >= BYTES_AT_ONCE) return { rows, isLast: false };
  }
  return { rows, isLast: rows.length < most };
}

function keyOf({ key }: CopiedTable, rows: readonly SourceRow[]): (number | string)[] {
  const last = rows.at(-1) ?? {};
  return key.map((column) => last[column.replace(/^\w\./, '')] as number | string);
}

function insertInto({ name, columns, mayMerge }: CopiedTable): string {
  const names = columns.map((column) => column.name).join(', ');
  const values = columns.map(({ name: column, type }) => (type.endsWith('[]') ? `${column}::${type}` : column)).join(', ');
  const types = columns.map(({ type }, at) => `$${at + 1}::${type.endsWith('[]') ? 'text' : type}[]`).join(', ');
  return `INSERT INTO ${name} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM unnest(${types}) AS n (${names})${
    mayMerge ? ' ON CONFLICT DO NOTHING' : ''
  }`;
}
