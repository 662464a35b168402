import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../../errors.ts';
import { stemOf } from '../../../thingspace/wire/same-identifier.ts';
import { isIndexedAs } from '../index-identifiers.ts';
import { isTerminal } from '../../stored-request.ts';
import { reasonOf, makeUnusableError } from '../sqlite-error.ts';
import { StoreLock } from '../store-lock.ts';
import { APPLICATION_ID, readPragma, SCHEMA_VERSION } from '../sqlite-open.ts';
import { Vault } from '../../vault.ts';
import { findRealPath, judgeStoreFiles } from '../write-ahead-log/check-store-files.ts';
import { CountedState } from '../../verify/counted-state.ts';
import type { Verification } from '../../verify/verification.ts';
import { Faults, SHOWN_FAULTS, isAsItCame } from '../../verify/verify-faults.ts';
import { isInput } from '../../verify/verify-input.ts';
import { CheckedLog } from '../../verify/verify-log.ts';
import type { LogRow, RequestRow } from '../../verify/verify-rows.ts';
import { prepareCounted } from './read-counted.ts';
import { checkHeld } from './verify-held.ts';
import { SealedValues, type Sealed } from './verify-sealed.ts';

export type { Verification };

/**
 * Reads a whole store, or a backup of one, and changes nothing. It runs SQLite's own check of the file, and then checks what the
 * gateway promises about the contents. The time grows with the file. A store in use is verified through a backup.
 *
 * @param keys open the sealed values. Values of other keys are counted and not read.
 * @throws GatewayError STORE_UNUSABLE when there is nothing to verify: no such file, not a database of ours, or one in use.
 */
export function verifySqlite(path: string, keys: readonly Uint8Array[] = []): Verification {
  const faults = new Faults();
  using _lock = lockToRead(path);
  const db = openToRead(path);
  let counted = { requests: 0, events: 0 };
  let values: SealedValues | null = null;
  try {
    try {
      refuseStranger(db, path);
      const files = judgeStoreFiles(path);
      if ('sentence' in files) faults.add(files.sentence);
      checkFile(db, faults);
      values = new SealedValues(db, new Vault(keys), faults);
      counted = checkRequests(db, values, faults);
      checkMessages(db, values, faults);
      checkHeld(db, faults);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      faults.add(`The file cannot be read to its end: ${reasonOf(cause)}.`);
    }
  } finally {
    db.close();
  }
  const { unread = 0, missingKeys = [] } = values ?? {};
  return { ...counted, faults: faults.shown, totalFaults: faults.total, unread, missingKeys: [...missingKeys] };
}

function lockToRead(path: string): StoreLock | null {
  if (!statSync(path, { throwIfNoEntry: false })?.size) throw makeUnusableError(`There is no store at ${path}.`);
  return StoreLock.takeOfUsed(findRealPath(path));
}

function openToRead(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 500 });
  } catch (cause) {
    throw makeUnusableError(`Cannot open ${path}: ${reasonOf(cause)}.`, cause);
  }
}

function refuseStranger(db: DatabaseSync, path: string): void {
  if (readPragma(db, 'application_id') !== APPLICATION_ID)
    throw makeUnusableError(`${path} is not a store of this gateway, nor a backup of one.`);
  const version = Number(readPragma(db, 'user_version'));
  if (version > SCHEMA_VERSION)
    throw makeUnusableError(`${path} has schema ${version}; this gateway knows up to ${SCHEMA_VERSION}. Verify it with the newer one.`);
}

/** SQLite's own check: pages, trees, indexes, references. */
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
  // Before the state of a Request was kept in rows, all digests were beside the messages.
  const countedOf = prepareCounted(db);
  const deviceDigest = countedOf
    ? 'coalesce(digest, (SELECT d.digest FROM device_event d WHERE d.request_pk = event.request_pk AND d.outcome = event.outcome AND d.seq = event.seq))'
    : 'digest';
  const eventsOf =
    db.prepare(`SELECT seq, kind, position, ties, outcome, outcome_status AS status, source, final_seq AS finalSeq, nidd_seq AS niddSeq,
    request_status AS requestStatus, counts, service, ${deviceDigest} AS digest, message, ${values.columns('event', 'message')}
    FROM event WHERE request_pk = ? ORDER BY seq`);
  const carriersOf = db.prepare('SELECT count(*) AS rows FROM carrier_request WHERE request_pk = ?');
  const inputOf = (['devices', 'settings'] as const).map((column) =>
    db.prepare(`SELECT ${column} AS value, ${values.columns('request_input', column)} FROM request_input WHERE request_pk = ?`),
  );
  const indexed = db.prepare("SELECT key FROM identifier WHERE key >= ?1 AND key < ?1 || 'g' AND request_pk = ?2");
  const isIndexed = (key: string, pk: number) =>
    (indexed.all(stemOf(key), pk) as { key: string }[]).some((row) => isIndexedAs(row.key, key));
  // A Request that is being purged may have lost some of its rows already.
  const all = db.prepare(`SELECT pk, id, status, total, total_is_estimate AS totalIsEstimate, counts, last_seq AS lastSeq,
    indexed_seq AS indexedSeq, completed_at AS completedAt FROM request WHERE account <> '' ORDER BY pk`);
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
      !isInput(request, { devices, settings }, (key) => isIndexed(key, request.pk))
    )
      faults.add(`The input of request ${request.id} is not as it came.`);
    if (isTerminal(request.status) !== (request.completedAt !== null))
      faults.add(
        `Request ${request.id} is ${request.status} and ${request.completedAt === null ? 'has no time' : 'has a time'} of completion.`,
      );
    const counted = new CountedState();
    const log = new CheckedLog(request, counted, faults);
    for (const each of openMessages(request, eventsOf.iterate(request.pk) as Iterable<LogRow & Sealed>, values)) {
      events++;
      log.add(each);
    }
    log.end();
    const stored = countedOf?.(request.pk);
    if (stored) counted.check(stored, request, faults);
  }
  return { requests, events };
}

/** The rows with plain messages. A message that cannot be read is null. */
function* openMessages({ id }: RequestRow, rows: Iterable<LogRow & Sealed>, values: SealedValues): Iterable<LogRow> {
  for (const row of rows) {
    if (row.message === null || row.key_id === null) yield row;
    else
      yield { ...row, message: values.text(row.message, row.key_id, row.place, `The message in row ${row.seq} of request ${id}`) ?? null };
  }
}

/** Checks the messages that belong to no Request, and the copies that wait. */
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
  if (!values.maySeal) return;
  for (const row of db.prepare(`SELECT pk, body, ${values.columns('forward', 'body')} FROM forward WHERE key_id IS NOT NULL`).iterate()) {
    const { pk, body, key_id, place } = row as Sealed & { pk: number; body: Uint8Array };
    values.bytes(body, key_id, place, `The copy ${pk} for the previous listener`);
  }
}
