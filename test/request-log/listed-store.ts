import { insertInto } from '../support/insert-into.ts';
import { DatabaseSync } from 'node:sqlite';
import { isTerminal, REQUEST_STATUSES, type RequestStatus } from '../../src/datasources/request-log/stored-request.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** More than one span, more than a statement looks at, and devices and references that have more Requests than are few. */
const REQUESTS = 9_000;
const OTHERS = 4_000;
/** As after a purge of everything in between. */
const HOLE = 20_000;

export const HOT_DEVICE = 'ICCID:89148000000000000015';
export const DEVICES = [HOT_DEVICE, 'IMEI:99001390783557', 'IMEI:990013907835573', 'MDN:5551234567'] as const;
export const OPERATIONS = ['ACTIVATE_DEVICES', 'SUSPEND_DEVICES', 'RESTORE_DEVICES'] as const;
export const REFERENCES = ['nightly', 'order 1', 'order 2', 'caf\u00e9', 'cafe\u0301'] as const;
export const REASONS = ['UNREADABLE', 'FOREIGN_REQUEST', 'BAD_CREDENTIALS'] as const;
export const CALLERS = ['key:one', 'key:two', 'key:rare'] as const;

export interface ListedRequest {
  readonly pk: number;
  readonly id: string;
  /** Empty when it is being purged. */
  readonly account: string;
  readonly status: RequestStatus;
  readonly operation: string | null;
  readonly reference: string | null;
  readonly devices: readonly string[];
  readonly carrierId: string;
  readonly createdAt: number;
}

export interface ListedRow {
  readonly id: string;
  readonly account: string;
  readonly reason: string;
  readonly caller: string;
}

/** What a store has, in the order of the keys. */
export interface Listed {
  readonly requests: readonly ListedRequest[];
  readonly unclaimed: readonly ListedRow[];
  readonly deadLetters: readonly ListedRow[];
  readonly audit: readonly ListedRow[];
}

/** Fills a store's tables with rows whose fields are drawn one by one, some of them often and some seldom. */
export function fillLists(path: string, random: SeededRandom): Listed {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  const requests = drawRequests(random);
  const insert = insertsOf(db);
  for (const request of requests) insertRequest(insert, request);
  const others = (prefix: string, write: (pk: number, row: ListedRow) => void) =>
    Array.from({ length: OTHERS }, (_, at) => {
      const row = { id: `${prefix}_${at + 1}`, account: drawAccount(random), reason: draw(random, REASONS), caller: draw(random, CALLERS) };
      write(at + 1, row);
      return row;
    }).filter((row, at) => {
      if (prefix === 'aud' || at % 5 > 0) return true;
      db.prepare(`DELETE FROM ${prefix === 'unc' ? 'unclaimed' : 'kept_message'} WHERE pk = ?`).run(at + 1);
      return row === null;
    });
  const message = '{"requestId":"r","deviceIds":[{"id":"89148000000000000015","kind":"Iccid"}],"status":"Success","callbackCount":1}';
  const digest = (pk: number) => Buffer.from(String(pk));
  const listed: Listed = {
    requests,
    unclaimed: others('unc', (pk, { account }) =>
      insert.unclaimed({ pk, account, service: 'CarrierService', received_at: pk, digest: digest(pk), message }),
    ),
    deadLetters: others('dead', (pk, { account, reason }) =>
      insert.kept({ pk, account, service: 'CarrierService', received_at: pk, reason, digest: digest(pk), body: digest(pk) }),
    ),
    audit: others('aud', (pk, { account, caller }) => insert.audit({ pk, at: pk, caller, action: 'x', account, outcome: 'CREATED' })),
  };
  db.exec('COMMIT');
  db.close();
  return listed;
}

export function drawRequests(random: SeededRandom): ListedRequest[] {
  return Array.from({ length: REQUESTS }, (_, at) => drawRequest(random, at >= REQUESTS / 2 ? at + 1 + HOLE : at + 1));
}

/** The first often, each one behind it more seldom, the last of three in one of 300. */
function draw<Item>(random: SeededRandom, items: readonly [Item, ...Item[]]): Item {
  const at = Math.floor(Math.log(random.between(1, 300)) / Math.log(300 / items.length));
  return items[items.length - 1 - Math.min(at, items.length - 1)] ?? items[0];
}

const drawAccount = (random: SeededRandom) => draw(random, ['a', 'b', 'c']);

function drawRequest(random: SeededRandom, pk: number): ListedRequest {
  const isPurged = random.between(1, 30) === 1;
  const far = random.between(1, 2_000) === 1 ? random.between(-10_000, 10_000) : 0;
  return {
    pk,
    id: isPurged ? `purged_${pk}` : `req_${String(pk).padStart(26, '0')}`,
    account: isPurged ? '' : drawAccount(random),
    status: random.pick(REQUEST_STATUSES as unknown as [RequestStatus]),
    operation: random.between(1, 9) === 1 ? null : draw(random, OPERATIONS),
    reference: isPurged || random.between(0, 1) === 0 ? null : random.pick(REFERENCES),
    devices: DEVICES.filter((device) => random.between(1, device === HOT_DEVICE ? 3 : 60) === 1),
    carrierId: `carrier-${pk}`,
    createdAt: 100_000 + pk + random.between(-50, 50) + far,
  };
}

type Insert = ReturnType<typeof insertsOf>;

function insertsOf(db: DatabaseSync) {
  const into = (table: string, columns: string) => insertInto(db, table, columns);
  return {
    request: into(
      'request',
      'pk, id, account, origin, operation, created_by, client_reference, status, counts, last_seq, indexed_seq, created_at, updated_at, completed_at',
    ),
    carrier: into('carrier_request', 'request_pk, position, service, carrier_request_id, state, first_index'),
    identifier: into('identifier', 'key, request_pk'),
    unclaimed: into('unclaimed', 'pk, account, service, received_at, digest, message'),
    kept: into('kept_message', 'pk, account, service, received_at, reason, digest, body'),
    audit: into('audit', 'pk, at, caller, action, account, outcome'),
  };
}

function insertRequest(insert: Insert, { pk, id, account, status, operation, reference, devices, carrierId, createdAt }: ListedRequest) {
  insert.request({
    pk,
    id,
    account,
    origin: 'GATEWAY',
    operation,
    created_by: 'x',
    client_reference: reference,
    status,
    counts: '[0,0,1,0,0,0,0,0,0]',
    last_seq: 1,
    indexed_seq: 1,
    created_at: createdAt,
    updated_at: createdAt,
    completed_at: isTerminal(status) ? createdAt : null,
  });
  const isPurged = account === '';
  if (isPurged) return;
  insert.carrier({
    request_pk: pk,
    position: 0,
    service: 'CarrierService',
    carrier_request_id: carrierId,
    state: 'ACCEPTED',
    first_index: 0,
  });
  for (const key of devices) insert.identifier({ key, request_pk: pk });
}
