import type { ResealStep } from '../store-upkeep.ts';
import type { Database, Transaction } from './database.ts';
import { readFact, writeFact } from './postgres-facts.ts';
import { SEALED_TABLES, type SealedRow, type SealedTable } from './sealed-tables.ts';
import { keepOnlyKey, RESEAL_POSITION } from './sealed-with.ts';
import type { Seals } from './seals.ts';

/** How many rows one step looks at, and how many of them (and of their bytes) it seals. */
const LOOKED_AT_ONCE = 1_000;
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 262_144;

interface Position {
  readonly keyId: string;
  readonly table: number;
  /** The last row of the table that the reseal looked at. */
  readonly after: readonly [first: number, second: number];
}

interface Found {
  readonly first: number;
  readonly second: number;
  readonly bytes: number;
  readonly isDue: boolean;
}

/**
 * Seals with the current key a bounded part of the rows that are plain or have another key, table by table in the order of their keys. Rows
 * that are written meanwhile have the current key, so behind its position all rows have it.
 */
export function resealStep(db: Database, seals: Seals, keyId: string): Promise<ResealStep> {
  return db.transaction(async (tx) => {
    const { table, after } = await readPosition(tx, keyId);
    const sealed = SEALED_TABLES[table];
    if (!sealed) {
      await writeFact(tx, RESEAL_POSITION, null);
      await keepOnlyKey(tx, keyId);
      return { rows: 0, keyId, done: true };
    }
    const { due, last, hasEnded } = takeDue(await tx.rows<Found>(sealed.find, [...after, keyId, LOOKED_AT_ONCE]), after);
    const rows = due.length === 0 ? 0 : await reseal(tx, seals, { sealed, keyId, due });
    const next: Position = hasEnded ? { keyId, table: table + 1, after: [0, 0] } : { keyId, table, after: last };
    await writeFact(tx, RESEAL_POSITION, JSON.stringify(next));
    return { rows, keyId, done: false };
  });
}

async function readPosition(tx: Transaction, keyId: string): Promise<Position> {
  const position = JSON.parse((await readFact(tx, RESEAL_POSITION)) ?? 'null') as Position | null;
  return position?.keyId === keyId ? position : { keyId, table: 0, after: [0, 0] };
}

async function reseal(
  tx: Transaction,
  seals: Seals,
  { sealed, keyId, due }: { readonly sealed: SealedTable; readonly keyId: string; readonly due: readonly Found[] },
): Promise<number> {
  // A row that is gone meanwhile is not there; one that was changed is read as it is.
  const rows = await tx.rows<SealedRow>(sealed.read, [due.map(({ first }) => first), due.map(({ second }) => second)]);
  if (rows.length === 0) return 0;
  const values = rows.map((row) => sealed.reseal(seals, row));
  const keys = [rows.map(({ pk, requestPk }) => pk ?? requestPk), rows.map(({ seq }) => seq ?? 0)];
  return tx.run(sealed.write, [...keys, keyId, ...(values[0] ?? []).map((_, column) => values.map((row) => row[column] ?? null))]);
}

/** The rows of one step: the rows that must be sealed, and the last one that was looked at. */
function takeDue(found: readonly Found[], after: Position['after']): { due: readonly Found[]; last: Position['after']; hasEnded: boolean } {
  const due: Found[] = [];
  let bytes = 0;
  for (const row of found) {
    if (!row.isDue) continue;
    due.push(row);
    bytes += row.bytes;
    if (due.length === ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE) return { due, last: [row.first, row.second], hasEnded: false };
  }
  const last = found.at(-1);
  return { due, last: last ? [last.first, last.second] : after, hasEnded: found.length < LOOKED_AT_ONCE };
}
