import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { openSqlite } from '../src/datasources/request-log/sqlite/sqlite-open.ts';
import { readCallbackBody } from '../src/datasources/thingspace/wire/callback-body.ts';
import { devices as testDevices } from '../test/support/devices.ts';
import { callbackBody } from './callback-body.ts';
import { ACCOUNT } from './gateway-process.ts';

const DEVICES = 20;
const REQUESTS_A_TRANSACTION = 5_000;
/** Requests are this far apart and the newest is an hour old, so 5 million callbacks span about 29 days. */
const APART_MS = 10_000;
const HOUR_MS = 3_600_000;

export interface FilledStore {
  readonly requests: number;
  readonly callbacks: number;
  readonly seconds: number;
}

/**
 * Makes a store of finished activations of 20 devices, written straight into its tables and as the gateway would have left
 * it: the rows of its log, real messages with their digests, and for each device two of the identifiers it is found by.
 */
export function fillStore(path: string, callbacks: number): FilledStore {
  const started = performance.now();
  const requests = Math.ceil(callbacks / DEVICES);
  openSqlite(path).db.close();
  const db = new DatabaseSync(path);
  // A crash while filling only means filling again.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF');
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -524288');
  const insert = statements(db);
  const firstAt = Date.now() - HOUR_MS - requests * APART_MS;
  for (let pk = 1; pk <= requests; pk++) {
    if (pk % REQUESTS_A_TRANSACTION === 1) db.exec('BEGIN');
    insertRequest(insert, pk, firstAt + pk * APART_MS);
    if (pk % REQUESTS_A_TRANSACTION === 0 || pk === requests) db.exec('COMMIT');
  }
  indexIdentifiers(db, requests * DEVICES);
  db.close();
  return { requests, callbacks: requests * DEVICES, seconds: (performance.now() - started) / 1000 };
}

type Insert = ReturnType<typeof statements>;

function statements(db: DatabaseSync) {
  const into = (table: string, columns: string) => {
    const names = columns.split(', ');
    const statement = db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${names.map(() => '?').join(', ')})`);
    return (row: Readonly<Record<string, SQLInputValue>>) => void statement.run(...names.map((name) => row[name] ?? null));
  };
  return {
    request: into(
      'request',
      'pk, id, account, origin, operation, created_by, status, total, counts, last_seq, indexed_seq, created_at, updated_at, completed_at',
    ),
    input: into('request_input', 'request_pk, devices, settings'),
    carrier: into(
      'carrier_request',
      'request_pk, position, service, carrier_request_id, state, first_index, device_count, attempts, sent_at, answered_at',
    ),
    event: into(
      'event',
      'request_pk, seq, at, kind, position, outcome, outcome_status, source, final_seq, nidd_seq, contradicted, ties, request_status, counts, service, callback_count, digest, message',
    ),
  };
}

function insertRequest(insert: Insert, pk: number, at: number): void {
  const steps = ['CREATED', 'SENDING', 'ACCEPTED'] as const;
  const statuses = ['QUEUED', 'SUBMITTING', 'IN_PROGRESS'] as const;
  const lastSeq = steps.length + DEVICES;
  const doneAt = at + lastSeq;
  const firstDevice = (pk - 1) * DEVICES + 1;
  const carrierId = `595f5c44-c31c-4552-8670-${String(pk).padStart(12, '0')}`;
  const id = `req_${String(pk).padStart(26, '0')}`;
  insert.request({
    pk,
    id,
    account: ACCOUNT,
    origin: 'GATEWAY',
    operation: 'ACTIVATE_DEVICES',
    created_by: 'bench',
    status: 'SUCCEEDED',
    total: DEVICES,
    counts: counts(DEVICES),
    last_seq: lastSeq,
    indexed_seq: lastSeq,
    created_at: at,
    updated_at: doneAt,
    completed_at: doneAt,
  });
  insert.input({ request_pk: pk, devices: JSON.stringify(testDevices(DEVICES, firstDevice)), settings: '{}' });
  const carrier = { service: 'CarrierService', carrier_request_id: carrierId, state: 'ACCEPTED', first_index: 0, device_count: DEVICES };
  insert.carrier({ request_pk: pk, position: 0, ...carrier, attempts: 1, sent_at: at, answered_at: at + 2 });
  const event = { request_pk: pk, position: 0, final_seq: 0, nidd_seq: 0, contradicted: 0, ties: 0 };
  for (const [step, kind] of steps.entries()) {
    const position = kind === 'CREATED' ? -1 : 0;
    insert.event({ ...event, seq: step + 1, at: at + step, kind, position, request_status: statuses[step] ?? '', counts: counts(0) });
  }
  for (let device = 0; device < DEVICES; device++) {
    const body = readCallbackBody(Buffer.from(callbackBody(carrierId, firstDevice + device)));
    if ('unreadable' in body) throw new Error(body.unreadable);
    const seq = steps.length + 1 + device;
    insert.event({
      ...event,
      seq,
      at: at + seq,
      kind: 'CALLBACK',
      outcome: device,
      outcome_status: 'SUCCEEDED',
      source: 'CALLBACK',
      final_seq: seq,
      request_status: device === DEVICES - 1 ? 'SUCCEEDED' : 'IN_PROGRESS',
      counts: counts(device + 1),
      service: 'CarrierService',
      callback_count: 1,
      digest: body.digest,
      message: body.json,
    });
  }
}

/** Devices at each outcome status after so many successes. */
function counts(succeeded: number): string {
  return `[${DEVICES - succeeded},0,${succeeded},0,0,0,0,0,0]`;
}

/** Inserts in the order of the keys and builds the second index at the end. In the order of arrival it would take longer than all the rest. */
function indexIdentifiers(db: DatabaseSync, devices: number): void {
  const second = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'identifier_by_request'").get() as { sql: string };
  db.exec('DROP INDEX identifier_by_request');
  for (const key of ["printf('ICCID:8914800%013d', n)", "printf('IMEI:9900%010d', n)"]) {
    db.exec(`INSERT INTO identifier (key, request_pk) WITH RECURSIVE device (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM device WHERE n < ${devices})
      SELECT ${key}, (n - 1) / ${DEVICES} + 1 FROM device`);
  }
  db.exec(second.sql);
}
