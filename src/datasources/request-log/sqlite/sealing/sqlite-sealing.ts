import type { DatabaseSync } from 'node:sqlite';
import type { Vault } from '../../vault.ts';

/** Every column that is sealed: base64 in a TEXT column, bytes in a BLOB column. */
export const SEALED_TABLES = {
  request_input: { key: 'request_pk', columns: ['devices', 'settings'], isText: true, place: ['request_pk'] },
  event: { key: 'pk', columns: ['message'], isText: true, place: ['request_pk', 'seq'] },
  unclaimed: { key: 'pk', columns: ['message'], isText: true, place: ['account', 'service', 'hex(digest)'] },
  kept_message: { key: 'pk', columns: ['body'], isText: false, place: ['account', 'service', 'reason', 'hex(digest)'] },
  forward: { key: 'pk', columns: ['body'], isText: false, place: ['account', 'service', 'pk'] },
} as const;

export type SealedTable = keyof typeof SEALED_TABLES;
export type SealedColumn = (typeof SEALED_TABLES)[SealedTable]['columns'][number];

/**
 * Gives SQL the functions that seal and open values between a statement and its table, so that no other code knows of sealing.
 * Measured with a message of 700 bytes: 8 µs each.
 */
export function registerVault(db: DatabaseSync, vault: Vault): void {
  // Only our statements may call them, not a view or trigger that somebody put into the file.
  const directOnly = { directOnly: true } as const;
  db.function('seal_text', directOnly, (plain, place) =>
    plain === null ? null : vault.seal(plain as string, place as string).toString('base64'),
  );
  db.function('seal_blob', directOnly, (plain, place) => vault.seal(plain as Uint8Array, place as string));
  db.function('open_text', directOnly, (sealed, keyId, place) =>
    sealed === null ? null : vault.open(Buffer.from(sealed as string, 'base64'), keyId as string, place as string).toString(),
  );
  db.function('open_text_or_null', directOnly, (sealed, keyId, place) => {
    try {
      return sealed === null ? null : vault.open(Buffer.from(sealed as string, 'base64'), keyId as string, place as string).toString();
    } catch {
      return null;
    }
  });
  db.function('open_blob', directOnly, (sealed, keyId, place) => vault.open(sealed as Uint8Array, keyId as string, place as string));
}

/**
 * The place of a value, as SQL: a value opens only at the place it was sealed for. For an INSERT `values` are the parameters of the
 * columns in `place`. node:sqlite binds every number as REAL, so whole numbers must be cast.
 */
export function placeOf(table: SealedTable, column: SealedColumn, values: readonly string[] = SEALED_TABLES[table].place): string {
  return `concat_ws('/', '${table}', '${column}', ${values.join(', ')})`;
}

/** The plain value of a column, as SQL. */
export function unsealInSql(table: SealedTable, column: SealedColumn): string {
  const open = SEALED_TABLES[table].isText ? 'open_text' : 'open_blob';
  return `iif(key_id IS NULL, ${column}, ${open}(${column}, key_id, ${placeOf(table, column)}))`;
}

/** The same of a text, or NULL when it does not open. */
export function openInSql(table: SealedTable, column: SealedColumn): string {
  return `iif(key_id IS NULL, ${column}, open_text_or_null(${column}, key_id, ${placeOf(table, column)}))`;
}

/** The value to write, as SQL: sealed when there is a key. */
export function sealInSql(vault: Vault, table: SealedTable, column: SealedColumn, value: string, place?: readonly string[]): string {
  if (vault.keyId === null) return value;
  return `${SEALED_TABLES[table].isText ? 'seal_text' : 'seal_blob'}(${value}, ${placeOf(table, column, place)})`;
}

/** The value of `key_id` beside `value`, as SQL: NULL for a row without a message. */
export function keyIdFor(vault: Vault, value: string): string {
  return vault.keyId === null ? 'NULL' : `iif(${value} IS NULL, NULL, '${vault.keyId}')`;
}
