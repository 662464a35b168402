import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../errors.ts';
import { countsOf, isTerminal, OUTCOME_STATUSES, progressOf, type OutcomeStatus, type RequestStatus } from './request-log.ts';
import { APPLICATION_ID, errcode, reason, SCHEMA_VERSION } from './sqlite-open.ts';

export interface Verification {
  readonly requests: number;
  readonly events: number;
  /** What is wrong, in words, the first of it; empty for a good store. */
  readonly faults: readonly string[];
  readonly totalFaults: number;
}

const SHOWN_FAULTS = 100;

/**
 * Reads a whole store, or a backup of one, and changes nothing: SQLite's own check of the file, then what the gateway has
 * promised of its contents. It takes as long as the file is large; a store in use is verified through a backup of it.
 *
 * @throws GatewayError STORE_UNUSABLE where there is nothing to verify: no such file, no database of ours, one in use.
 */
export function verifySqlite(path: string): Verification {
  const faults = new Faults();
  const db = openToRead(path);
  let counted = { requests: 0, events: 0 };
  try {
    try {
      refuseStranger(db, path);
      checkFile(db, faults);
      counted = checkRequests(db, faults);
      checkMessages(db, faults);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      if (errcode(cause) === SQLITE_BUSY) throw inUse(path, cause);
      faults.add(`The file cannot be read to its end: ${reason(cause)}.`);
    }
  } finally {
    db.close();
  }
  return { ...counted, faults: faults.shown, totalFaults: faults.total };
}

const SQLITE_BUSY = 5;

function openToRead(path: string): DatabaseSync {
  if (!statSync(path, { throwIfNoEntry: false })?.size) throw new GatewayError('STORE_UNUSABLE', `There is no store at ${path}.`);
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 500 });
  } catch (cause) {
    throw new GatewayError('STORE_UNUSABLE', `Cannot open ${path}: ${reason(cause)}.`, { cause });
  }
}

function inUse(path: string, cause: unknown): GatewayError {
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

function checkRequests(db: DatabaseSync, faults: Faults): { requests: number; events: number } {
  const eventsOf = db.prepare(`SELECT seq, outcome, outcome_status, request_status, counts, digest, message FROM event
    WHERE request_pk = ? ORDER BY seq`);
  const partsOf = db.prepare(`SELECT (SELECT count(*) FROM carrier_request WHERE request_pk = ?1) AS carriers,
    (SELECT count(*) FROM request_input WHERE request_pk = ?1) AS inputs`);
  let requests = 0;
  let events = 0;
  // What is being purged may have lost some of its rows already.
  for (const row of db
    .prepare("SELECT pk, id, status, counts, last_seq, completed_at FROM request WHERE account <> '' ORDER BY pk")
    .iterate()) {
    const request = row as RequestRow;
    requests++;
    const { carriers, inputs } = partsOf.get(request.pk) as { carriers: number; inputs: number };
    if (carriers === 0 || inputs === 0) faults.add(`Request ${request.id} has lost its input or its carrier requests.`);
    if (isTerminal(request.status) !== (request.completed_at !== null))
      faults.add(
        `Request ${request.id} is ${request.status} and ${request.completed_at === null ? 'has no time' : 'has a time'} of completion.`,
      );
    events += checkLog(request, eventsOf.iterate(request.pk) as Iterable<EventRow>, faults);
  }
  return { requests, events };
}

/** A Request's log: no gap, no message twice, every message as it came, and in the end what the Request's row says. */
function checkLog(request: RequestRow, events: Iterable<EventRow>, faults: Faults): number {
  const digests = new Set<string>();
  const standing = new Map<number, OutcomeStatus>();
  let last: EventRow | null = null;
  let read = 0;
  for (const event of events) {
    read++;
    if (event.seq !== (last?.seq ?? 0) + 1) faults.add(`The log of request ${request.id} goes from ${last?.seq ?? 0} to ${event.seq}.`);
    last = event;
    if (event.outcome !== null) standing.set(event.outcome, event.outcome_status);
    if (event.message !== null && !isAsItCame(event.message, event.digest))
      faults.add(`The message in row ${event.seq} of request ${request.id} is not as it came.`);
    const digest = event.digest && Buffer.from(event.digest).toString('hex');
    if (digest && digests.has(digest)) faults.add(`Request ${request.id} has the message of row ${event.seq} twice.`);
    if (digest) digests.add(digest);
  }
  if (!last || last.seq !== request.last_seq)
    faults.add(`The log of request ${request.id} ends at ${last?.seq ?? 0}, not at ${request.last_seq}.`);
  if (last && (last.request_status !== request.status || last.counts !== request.counts))
    faults.add(`Request ${request.id} stands at ${request.status} ${request.counts}, its log at ${last.request_status} ${last.counts}.`);
  if (!addsUp(request.counts, standing)) faults.add(`The devices of request ${request.id} do not add up to ${request.counts}.`);
  return read;
}

/** Devices nothing was heard of are PENDING without a row. */
function addsUp(counts: string, standing: ReadonlyMap<number, OutcomeStatus>): boolean {
  if (!isJson(counts)) return false;
  const told = progressOf(JSON.parse(counts) as number[]);
  const found = progressOf(countsOf(progressOf([])));
  for (const status of standing.values()) found[status]++;
  return OUTCOME_STATUSES.every((status) => (status === 'PENDING' ? told[status] >= found[status] : told[status] === found[status]));
}

/** Messages that no Request has. */
function checkMessages(db: DatabaseSync, faults: Faults): void {
  for (const row of db.prepare('SELECT pk, digest, message FROM unclaimed').iterate()) {
    const { pk, digest, message } = row as { pk: number; digest: Uint8Array; message: string };
    if (!isAsItCame(message, digest)) faults.add(`The unclaimed callback ${pk} is not as it came.`);
  }
  for (const row of db.prepare('SELECT pk, digest, body FROM kept_message').iterate()) {
    const { pk, digest, body } = row as { pk: number; digest: Uint8Array; body: Uint8Array };
    if (!isAsItCame(body, digest)) faults.add(`The kept message ${pk} is not as it came.`);
  }
}

/** By its digest, a SHA-256 or the first half of one; an answer we had asked for has none, and must be JSON at least. */
function isAsItCame(message: string | Uint8Array, digest: Uint8Array | null): boolean {
  if (digest === null) return typeof message !== 'string' || isJson(message);
  return digest.length >= 16 && Buffer.compare(hash('sha256', message, 'buffer').subarray(0, digest.length), digest) === 0;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class Faults {
  readonly shown: string[] = [];
  total = 0;

  add(fault: string): void {
    this.total++;
    if (this.shown.length < SHOWN_FAULTS) this.shown.push(fault);
  }
}

type RequestRow = {
  readonly pk: number;
  readonly id: string;
  readonly status: RequestStatus;
  readonly counts: string;
  readonly last_seq: number;
  readonly completed_at: number | null;
};

type EventRow = {
  readonly seq: number;
  readonly outcome: number | null;
  readonly outcome_status: OutcomeStatus;
  readonly request_status: RequestStatus;
  readonly counts: string;
  readonly digest: Uint8Array | null;
  readonly message: string | null;
};
