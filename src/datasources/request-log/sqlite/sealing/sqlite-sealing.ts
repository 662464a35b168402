import type { DatabaseSync } from 'node:sqlite';
import type { Vault } from './vault.ts';

/** Every column that is sealed: as base64 where the column is TEXT, as it is where it is a BLOB. */
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
 * Gives SQL the functions with which values are sealed and opened on their way between a statement and its table, so that
 * nobody else knows of it. Measured with a message of 700 bytes: 8 µs each.
 */
export function registerVault(db: DatabaseSync, vault: Vault): void {
  // Called by our statements alone, never by a view or trigger that somebody has put into the file.
  const directOnly = { directOnly: true } as const;
  db.function('seal_text', directOnly, (plain, place) =>
    plain === null ? null : vault.seal(plain as string, place as string).toString('base64'),
  );
  db.function('seal_blob', directOnly, (plain, place) => vault.seal(plain as Uint8Array, place as string));
  db.function('open_text', directOnly, (sealed, keyId, place) =>
    sealed === null ? null : vault.open(Buffer.from(sealed as string, 'base64'), keyId as string, place as string).toString(),
  );
  db.function('open_blob', directOnly, (sealed, keyId, place) => vault.open(sealed as Uint8Array, keyId as string, place as string));
}

/**
 * Where a value is, as SQL: what it is sealed for. For an INSERT `values` are its parameters for the columns of `place`; as
 * node:sqlite binds every number as REAL, whole ones must be cast.
 */
export function placeOf(table: SealedTable, column: SealedColumn, values: readonly string[] = SEALED_TABLES[table].place): string {
  return `concat_ws('/', '${table}', '${column}', ${values.join(', ')})`;
}

/** A column as it was before it was sealed. */
export function unsealInSql(table: SealedTable, column: SealedColumn): string {
  const open = SEALED_TABLES[table].isText ? 'open_text' : 'open_blob';
  return `iif(key_id IS NULL, ${column}, ${open}(${column}, key_id, ${placeOf(table, column)}))`;
}

/** A value to be written, sealed where there is a key to do it with. */
export function sealInSql(vault: Vault, table: SealedTable, column: SealedColumn, value: string, place?: readonly string[]): string {
  if (vault.keyId === null) return value;
  return `${SEALED_TABLES[table].isText ? 'seal_text' : 'seal_blob'}(${value}, ${placeOf(table, column, place)})`;
}

/** What is written into `key_id` beside `value`: a row without a message is sealed with nothing. */
export function keyIdFor(vault: Vault, value: string): string {
  return vault.keyId === null ? 'NULL' : `iif(${value} IS NULL, NULL, '${vault.keyId}')`;
}
