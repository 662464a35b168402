import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../../errors.ts';
import { identifierKey, parseIdentifierKind } from '../../../thingspace/wire/device-identifier.ts';
import { isTerminal, type RequestedDevice } from '../../stored-request.ts';
import { APPLICATION_ID, sqliteCodeOf, reasonOf, SCHEMA_VERSION } from '../sqlite-open.ts';
import { Vault } from '../sealing/vault.ts';
import { Faults, SHOWN_FAULTS, isAsItCame, isJson } from './verify-faults.ts';
import { checkLog, type LogRow, type RequestRow } from './verify-log.ts';
import { SealedValues, type Sealed } from './verify-sealed.ts';

export interface Verification {
  readonly requests: number;
  readonly events: number;
  /** What is wrong, in words, the first of it; empty for a good store. */
  readonly faults: readonly string[];
  readonly totalFaults: number;
  /** Sealed messages, copies and inputs that were not read, because no key given opens them. */
  readonly unread: number;
  /** The ids of the keys that were missing for it. */
  readonly missingKeys: readonly string[];
}

/**
 * Reads a whole store, or a backup of one, and changes nothing: SQLite's own check of the file, then what the gateway has
 * promised of its contents. It takes as long as the file is large; a store in use is verified through a backup of it.
 *
 * @param keys what sealed values are opened with; those of other keys are counted and not read.
 * @throws GatewayError STORE_UNUSABLE where there is nothing to verify: no such file, no database of ours, one in use.
 */
export function verifySqlite(path: string, keys: readonly Uint8Array[] = []): Verification {
  const faults = new Faults();
  const db = openToRead(path);
  let counted = { requests: 0, events: 0 };
  let values: SealedValues | null = null;
  try {
    try {
      refuseStranger(db, path);
      checkFile(db, faults);
      values = new SealedValues(db, new Vault(keys), faults);
      counted = checkRequests(db, values, faults);
      checkMessages(db, values, faults);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      if (sqliteCodeOf(cause) === SQLITE_BUSY) throw describeInUse(path, cause);
      faults.add(`The file cannot be read to its end: ${reasonOf(cause)}.`);
    }
  } finally {
    db.close();
  }
  const { unread = 0, missingKeys = [] } = values ?? {};
  return { ...counted, faults: faults.shown, totalFaults: faults.total, unread, missingKeys: [...missingKeys] };
}

const SQLITE_BUSY = 5;

function openToRead(path: string): DatabaseSync {
  if (!statSync(path, { throwIfNoEntry: false })?.size) throw new GatewayError('STORE_UNUSABLE', `There is no store at ${path}.`);
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 500 });
  } catch (cause) {
    throw new GatewayError('STORE_UNUSABLE', `Cannot open ${path}: ${reasonOf(cause)}.`, { cause });
  }
}

function describeInUse(path: string, cause: unknown): GatewayError {
  return new GatewayError(
    'STORE_UNUSABLE',
    `Another process has the store ${path} open. Verify it through its gateway, or stop that one.`,
    {
      cause,
    },
  );
}

function refuseStranger(db: DatabaseSync, path: string): void {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  if (pragma('application_id') !== APPLICATION_ID)
    throw new GatewayError('STORE_UNUSABLE', `${path} is not a store of this gateway, nor a backup of one.`);
  const version = pragma('user_version');
  if (version > SCHEMA_VERSION)
    throw new GatewayError(
      'STORE_UNUSABLE',
      `${path} has schema ${version}; this gateway knows up to ${SCHEMA_VERSION}. Verify it with the newer one.`,
    );
}

/** SQLite's view: pages, trees, indexes, references. */
function checkFile(db: DatabaseSync, faults: Faults): void {
  for (const row of db.prepare(`PRAGMA integrity_check(${SHOWN_FAULTS})`).all()) {
    const said = String(Object.values(row)[0]);
    if (said !== 'ok') faults.add(`The file is damaged: ${said}.`);
  }
  for (const { table, rowid, parent } of db.prepare('PRAGMA foreign_key_check').all())
    faults.add(`Row ${String(rowid)} of ${String(table)} belongs to a row of ${String(parent)} that is not there.`);
}

type InputRow = Sealed & { readonly value: string | null };

function checkRequests(db: DatabaseSync, values: SealedValues, faults: Faults): { requests: number; events: number } {
  const eventsOf = db.prepare(`SELECT seq, kind, outcome, outcome_status, source, final_seq, nidd_seq, request_status, counts, service,
    digest, message, ${values.columns('event', 'message')} FROM event WHERE request_pk = ? ORDER BY seq`);
  const carriersOf = db.prepare('SELECT count(*) AS rows FROM carrier_request WHERE request_pk = ?');
  const inputOf = (['devices', 'settings'] as const).map((column) =>
    db.prepare(`SELECT ${column} AS value, ${values.columns('request_input', column)} FROM request_input WHERE request_pk = ?`),
  );
  const indexed = db.prepare('SELECT 1 FROM identifier WHERE key = ? AND request_pk = ?');
  // What is being purged may have lost some of its rows already.
  const all = db.prepare(`SELECT pk, id, status, total, total_is_estimate, counts, last_seq, indexed_seq, completed_at FROM request
    WHERE account <> '' ORDER BY pk`);
  let requests = 0;
  let events = 0;
  for (const row of all.iterate()) {
    const request = row as RequestRow;
    requests++;
    const input = inputOf.flatMap((each) => (each.get(request.pk) as InputRow | undefined) ?? []);
    if ((carriersOf.get(request.pk) as { rows: number }).rows === 0 || input.length === 0)
      faults.add(`Request ${request.id} has lost its input or its carrier requests.`);
    const [devices, settings] = input.map(({ value, key_id, place }) =>
      value === null ? null : values.text(value, key_id, place, `The input of request ${request.id}`),
    );
    if (
      devices !== undefined &&
      typeof settings === 'string' &&
      !isInput(request, { devices, settings }, (key) => indexed.get(key, request.pk) !== undefined)
    )
      faults.add(`The input of request ${request.id} is not as it came.`);
    if (isTerminal(request.status) !== (request.completed_at !== null))
      faults.add(
        `Request ${request.id} is ${request.status} and ${request.completed_at === null ? 'has no time' : 'has a time'} of completion.`,
      );
    events += checkLog(request, openMessages(request, eventsOf.iterate(request.pk) as Iterable<LogRow & Sealed>, values), faults);
  }
  return { requests, events };
}

/** As many devices as are told elsewhere, and each under the identifiers that the index has. */
function isInput(
  { total, indexed_seq }: RequestRow,
  { devices, settings }: { devices: string | null; settings: string },
  isIndexed: (key: string) => boolean,
): boolean {
  if (!isJson(settings) || (devices !== null && !isJson(devices))) return false;
  if (devices === null) return total === null;
  const named = JSON.parse(devices) as RequestedDevice[];
  if (!Array.isArray(named) || named.length !== total) return false;
  if (indexed_seq < 0) return true;
  return named.every(({ deviceIds }) => deviceIds?.every(({ kind, id }) => isIndexed(identifierKey(parseIdentifierKind(kind), id, kind))));
}

/** Rows with their messages as they came; what cannot be read is left out. */
function* openMessages({ id }: RequestRow, rows: Iterable<LogRow & Sealed>, values: SealedValues): Iterable<LogRow> {
  for (const row of rows) {
    if (row.message === null || row.key_id === null) yield row;
    else
      yield { ...row, message: values.text(row.message, row.key_id, row.place, `The message in row ${row.seq} of request ${id}`) ?? null };
  }
}

/** Messages that no Request has, and copies that wait. */
function checkMessages(db: DatabaseSync, values: SealedValues, faults: Faults): void {
  for (const row of db.prepare(`SELECT pk, digest, message, ${values.columns('unclaimed', 'message')} FROM unclaimed`).iterate()) {
    const { pk, digest, message, key_id, place } = row as Sealed & { pk: number; digest: Uint8Array; message: string };
    const plain = values.text(message, key_id, place, `The unclaimed callback ${pk}`);
    if (plain !== undefined && !isAsItCame(plain, digest)) faults.add(`The unclaimed callback ${pk} is not as it came.`);
  }
  for (const row of db.prepare(`SELECT pk, digest, body, ${values.columns('kept_message', 'body')} FROM kept_message`).iterate()) {
    const { pk, digest, body, key_id, place } = row as Sealed & { pk: number; digest: Uint8Array; body: Uint8Array };
    const plain = values.bytes(body, key_id, place, `The kept message ${pk}`);
    if (plain !== undefined && !isAsItCame(plain, digest)) faults.add(`The kept message ${pk} is not as it came.`);
  }
  if (!values.mayBeThere) return;
  for (const row of db.prepare(`SELECT pk, body, ${values.columns('forward', 'body')} FROM forward WHERE key_id IS NOT NULL`).iterate()) {
    const { pk, body, key_id, place } = row as Sealed & { pk: number; body: Uint8Array };
    values.bytes(body, key_id, place, `The copy ${pk} for the previous listener`);
  }
}
