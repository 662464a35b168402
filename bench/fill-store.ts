import { insertInto } from '../test/support/insert-into.ts';
import { DatabaseSync } from 'node:sqlite';
import { makeEmptyStore } from './make-empty-store.ts';
import { readCallbackBody } from '../src/datasources/thingspace/wire/callback-body.ts';
import { identifierKey, stemOf } from '../src/datasources/thingspace/wire/same-identifier.ts';
import { devices as testDevices } from '../test/support/devices.ts';
import { callbackBody } from './callback-body.ts';
import { ACCOUNT } from './gateway-process.ts';
import type { BenchRequest } from './load-plan.ts';

const ROWS_A_TRANSACTION = 100_000;
/** Requests are this far apart and the newest is an hour old, so 5 million callbacks span about 29 days. */
const APART_MS = 10_000;
const HOUR_MS = 3_600_000;

export interface Filling {
  readonly requests: number;
  /** Devices of each request, and how many of them have succeeded. */
  readonly devices: number;
  readonly done: number;
}

export interface FilledStore {
  readonly requests: readonly BenchRequest[];
  readonly callbacks: number;
  readonly seconds: number;
}

/**
 * Makes a store of activations, written straight into its tables and as the gateway would have left it: the rows of its log, real
 * messages with their digests, what is counted of each request, and for each device two of the identifiers it is found by.
 */
export function fillStore(path: string, { requests, devices, done }: Filling): FilledStore {
  const started = performance.now();
  makeEmptyStore(path);
  const db = new DatabaseSync(path);
  // A crash while filling only means filling again.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF');
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -524288');
  const insert = statements(db);
  const firstAt = Date.now() - HOUR_MS - requests * APART_MS;
  const made: BenchRequest[] = [];
  db.exec('BEGIN');
  for (let pk = 1; pk <= requests; pk++) {
    made.push(insertRequest(insert, { pk, at: firstAt + pk * APART_MS, devices, done }));
    if ((pk * devices) % ROWS_A_TRANSACTION < devices) db.exec('COMMIT; BEGIN');
  }
  db.exec('COMMIT');
  indexIdentifiers(db, requests, devices);
  db.close();
  return { requests: made, callbacks: requests * done, seconds: (performance.now() - started) / 1000 };
}

type Insert = ReturnType<typeof statements>;

function statements(db: DatabaseSync) {
  const into = (table: string, columns: string) => insertInto(db, table, columns);
  return {
    request: into(
      'request',
      'pk, id, account, origin, operation, created_by, status, total, counts, last_seq, indexed_seq, state_seq, learnt_seq, keyed, created_at, updated_at, completed_at',
    ),
    input: into('request_input', 'request_pk, devices, settings'),
    carrier: into(
      'carrier_request',
      'request_pk, position, service, carrier_request_id, state, first_index, device_count, attempts, sent_at, answered_at, tallies',
    ),
    event: into(
      'event',
      'request_pk, seq, at, kind, position, outcome, outcome_status, source, final_seq, nidd_seq, contradicted, ties, request_status, counts, service, callback_count, message',
    ),
    deviceEvent: into(
      'device_event',
      'request_pk, outcome, seq, position, kind, status, source, final_seq, nidd_seq, contradicted, flags, digest',
    ),
    deviceKey: into('device_key', 'request_pk, position, stem, outcome, key'),
  };
}

interface RequestToFill {
  readonly pk: number;
  readonly at: number;
  readonly devices: number;
  readonly done: number;
}

function insertRequest(insert: Insert, { pk, at, devices, done }: RequestToFill): BenchRequest {
  const steps = ['CREATED', 'SENDING', 'ACCEPTED'] as const;
  const statuses = ['QUEUED', 'SUBMITTING', 'IN_PROGRESS'] as const;
  const lastSeq = steps.length + done;
  const doneAt = at + lastSeq;
  const firstDevice = (pk - 1) * devices + 1;
  const carrierRequestId = `595f5c44-c31c-4552-8670-${String(pk).padStart(12, '0')}`;
  const id = `req_${String(pk).padStart(26, '0')}`;
  const counts = (succeeded: number) => `[${devices - succeeded},0,${succeeded},0,0,0,0,0,0]`;
  insert.request({
    pk,
    id,
    account: ACCOUNT,
    origin: 'GATEWAY',
    operation: 'ACTIVATE_DEVICES',
    created_by: 'bench',
    status: done === devices ? 'SUCCEEDED' : 'IN_PROGRESS',
    total: devices,
    counts: counts(done),
    last_seq: lastSeq,
    indexed_seq: lastSeq,
    state_seq: lastSeq,
    // What activations tell beside the ICCID is learnt when it is needed.
    learnt_seq: steps.length,
    keyed: devices,
    created_at: at,
    updated_at: doneAt,
    completed_at: done === devices ? doneAt : null,
  });
  const named = testDevices(devices, firstDevice);
  const input = named.map(({ deviceIds }) => ({ deviceIds: deviceIds.map(({ kind, value }) => ({ kind, id: value })) }));
  insert.input({ request_pk: pk, devices: JSON.stringify(input), settings: '{}' });
  const sum = (from: number) => ((devices - from) * (from + devices - 1)) / 2;
  insert.carrier({
    request_pk: pk,
    position: 0,
    service: 'CarrierService',
    carrier_request_id: carrierRequestId,
    state: 'ACCEPTED',
    first_index: 0,
    device_count: devices,
    attempts: 1,
    sent_at: at,
    answered_at: at + 2,
    tallies: JSON.stringify([devices - done, sum(done), devices, sum(0), devices - done, 0, 0, 0, 0, 0]),
  });
  const event = { request_pk: pk, position: 0, final_seq: 0, nidd_seq: 0, contradicted: 0, ties: 0 };
  for (const [step, kind] of steps.entries()) {
    const position = kind === 'CREATED' ? -1 : 0;
    insert.event({ ...event, seq: step + 1, at: at + step, kind, position, request_status: statuses[step] ?? '', counts: counts(0) });
  }
  const keys = named.flatMap(({ deviceIds }, outcome) =>
    deviceIds.map(({ kind, value }) => ({ outcome, key: identifierKey(kind, value, kind) })),
  );
  const rows = keys.map((each) => ({ ...each, request_pk: pk, position: 0, stem: stemOf(each.key) }));
  for (const row of rows.toSorted((a, b) => (a.stem < b.stem ? -1 : 1))) insert.deviceKey(row);
  for (let outcome = 0; outcome < done; outcome++) {
    const body = readCallbackBody(Buffer.from(callbackBody(carrierRequestId, firstDevice + outcome)));
    if ('unreadable' in body) throw new Error(body.unreadable);
    const seq = steps.length + 1 + outcome;
    const device = { ...event, seq, kind: 'CALLBACK', outcome, source: 'CALLBACK', final_seq: seq };
    insert.event({
      ...device,
      at: at + seq,
      outcome_status: 'SUCCEEDED',
      request_status: outcome === devices - 1 ? 'SUCCEEDED' : 'IN_PROGRESS',
      counts: counts(outcome + 1),
      service: 'CarrierService',
      callback_count: 1,
      message: body.json,
    });
    insert.deviceEvent({ ...device, status: 'SUCCEEDED', flags: 0, digest: body.digest });
  }
  return { requestId: id, carrierRequestId, firstDevice, devices };
}

/** Inserts in the order of the keys and builds the second index at the end. In the order of arrival it would take longer than all the rest. */
function indexIdentifiers(db: DatabaseSync, requests: number, devices: number): void {
  const second = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'identifier_by_request'").get() as { sql: string };
  db.exec('DROP INDEX identifier_by_request');
  for (const key of ["printf('ICCID:8914800%013d', n)", "printf('IMEI:9900%010d', n)"]) {
    db.exec(`INSERT INTO identifier (key, request_pk) WITH RECURSIVE device (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM device WHERE n < ${requests * devices})
      SELECT ${key}, (n - 1) / ${devices} + 1 FROM device`);
  }
  db.exec(second.sql);
}
