import pg from 'pg';
import { GatewayError } from '../../../errors.ts';
import { Vault } from '../vault.ts';
import { isTerminal } from '../stored-request.ts';
import { CountedState, type StoredCounts } from '../verify/counted-state.ts';
import { OpenedValues } from '../verify/opened-values.ts';
import type { Verification } from '../verify/verification.ts';
import { Faults, isJson } from '../verify/verify-faults.ts';
import { isInput } from '../verify/verify-input.ts';
import { CheckedLog } from '../verify/verify-log.ts';
import type { LogRow, RequestRow } from '../verify/verify-rows.ts';
import { connectionConfig } from './connections.ts';
import type { Queries, Value } from './database.ts';
import { readFact } from './postgres-facts.ts';
import { sqlStateOf } from './postgres-error.ts';
import { SCHEMA_VERSION } from './prepare-database.ts';
import { placeOfInput } from './requested-devices.ts';
import { SEALED_WITH } from './sealed-with.ts';
import { checkHeld, checkMessages } from './verify-messages.ts';
import { LONGEST_KEY, toStorable } from './write-runs.ts';

/** Requests looked at in one statement; rows and bytes of a log. */
const REQUESTS_AT_ONCE = 100;
const ROWS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 8 * 1_048_576;

interface Checks {
  readonly db: Queries;
  readonly values: OpenedValues;
  readonly faults: Faults;
}

/**
 * Reads a whole store and changes nothing. It checks what the gateway promises about the contents. The store may be in use meanwhile: each
 * Request is read as it stood at one moment. The time grows with the store.
 *
 * @param keys open the sealed values. Values of other keys are counted and not read.
 * @throws GatewayError STORE_UNUSABLE when there is nothing to verify: no database, or none of ours.
 */
export async function verifyPostgres(url: string, keys: readonly Uint8Array[] = []): Promise<Verification> {
  const client = new pg.Client({ ...connectionConfig(url), query_timeout: 0 });
  client.on('error', () => undefined);
  const faults = new Faults();
  try {
    await client.connect();
    await client.query('SET default_transaction_read_only = on');
    const db = queriesOf(client);
    await refuseStranger(db);
    const known = await readFact(db, SEALED_WITH);
    const values = new OpenedValues(new Vault(keys), faults, known !== null && isJson(known) ? (JSON.parse(known) as string[]) : []);
    const checks = { db, values, faults };
    const counted = await checkRequests(checks);
    await checkMessages(checks);
    await checkHeld(checks);
    const { unread, missingKeys } = values;
    return { ...counted, faults: faults.shown, totalFaults: faults.total, unread, missingKeys: [...missingKeys] };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('STORE_UNUSABLE', `The database of M2M_STORE_URL cannot be read: ${reasonOf(cause)}.`, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
}

function queriesOf(client: pg.Client): Queries {
  return {
    rows: async <Row>(text: string, values: readonly Value[] = []) => (await client.query(text, values as unknown[])).rows as Row[],
    run: async (text, values = []) => (await client.query(text, values as unknown[])).rowCount ?? 0,
  };
}

async function refuseStranger(db: Queries): Promise<void> {
  const schema = await readFact(db, 'schema').catch((error: unknown) => {
    // There is no such table.
    if (sqlStateOf(error) === '42P01') return null;
    throw error;
  });
  if (schema === null) throw new GatewayError('STORE_UNUSABLE', 'The database of M2M_STORE_URL has no store of this gateway.');
  if (Number(schema) > SCHEMA_VERSION)
    throw new GatewayError(
      'STORE_UNUSABLE',
      `The store has schema ${schema}; this gateway knows up to ${SCHEMA_VERSION}. Verify it with the newer one.`,
    );
}

async function checkRequests(checks: Checks): Promise<{ requests: number; events: number }> {
  const { db } = checks;
  let requests = 0;
  let events = 0;
  for (let after = 0; ;) {
    const pks = (await db.rows<{ pk: number }>(NEXT, [after, REQUESTS_AT_ONCE])).map(({ pk }) => pk);
    for (const pk of pks) {
      // The log grows while it is read, and a long transaction would keep the database from tidying up.
      await db.run('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const read = await checkRequest(checks, pk);
      await db.run('COMMIT');
      if (read === null) continue;
      requests++;
      events += read;
    }
    after = pks.at(-1) ?? after;
    if (pks.length < REQUESTS_AT_ONCE) break;
  }
  const orphans = await db.rows<{ pk: number; rows: number }>(ORPHANS);
  for (const { pk, rows } of orphans) checks.faults.add(`${rows} rows of a log belong to request ${pk}, which is not there.`);
  return { requests, events };
}

/** Gives back how many rows its log has; null for one that was purged meanwhile. */
async function checkRequest({ db, values, faults }: Checks, pk: number): Promise<number | null> {
  const [row] = await db.rows<Omit<RequestRow, 'counts'> & { readonly counts: readonly number[] }>(REQUEST, [pk]);
  if (!row) return null;
  const request: RequestRow = { ...row, counts: JSON.stringify(row.counts) };
  const carriers = await db.rows<StoredCounts['carriers'][number]>(CARRIERS, [pk]);
  await checkInput({ db, values, faults }, request, carriers.length);
  if (isTerminal(request.status) !== (request.completedAt !== null))
    faults.add(
      `Request ${request.id} is ${request.status} and ${request.completedAt === null ? 'has no time' : 'has a time'} of completion.`,
    );
  const counted = new CountedState();
  const log = new CheckedLog(request, counted, faults);
  let events = 0;
  for await (const event of readLog({ db, values, faults }, request)) {
    events++;
    log.add(event);
  }
  log.end();
  const waiting = await db.rows<StoredCounts['waiting'][number]>(WAITING, [pk]);
  counted.check({ devices: null, waiting, carriers }, request, faults);
  return events;
}

interface InputRow {
  readonly devices: string | null;
  readonly settings: string;
  readonly keyId: string | null;
}

async function checkInput({ db, values, faults }: Checks, request: RequestRow, carriers: number): Promise<void> {
  const { pk, id } = request;
  const [input] = await db.rows<InputRow>(INPUT, [pk]);
  if (!input || carriers === 0) faults.add(`Request ${id} has lost its input or its carrier requests.`);
  if (!input) return;
  const open = (column: 'devices' | 'settings') => {
    const value = input[column];
    return value === null ? null : values.text(value, input.keyId, placeOfInput(column, pk), `The input of request ${id}`);
  };
  const [devices, settings] = [open('devices'), open('settings')];
  if (devices === undefined || typeof settings !== 'string') return;
  const indexed = new Set((await db.rows<{ key: string }>(INDEXED, [pk])).map(({ key }) => key));
  const isIndexed = (key: string) => key.length > LONGEST_KEY || indexed.has(toStorable(key));
  if (!isInput(request, { devices, settings }, isIndexed)) faults.add(`The input of request ${id} is not as it came.`);
}

type StoredRow = Omit<LogRow, 'counts'> & { readonly counts: readonly number[]; readonly keyId: string | null };

/** The rows with plain messages, some at a time. A message that cannot be read is null. */
async function* readLog({ db, values }: Checks, { pk, id }: RequestRow): AsyncIterable<LogRow> {
  for (let after = 0; ;) {
    const rows = await db.rows<StoredRow>(EVENTS, [pk, after, ROWS_AT_ONCE, BYTES_AT_ONCE]);
    for (const { keyId, counts, message, ...row } of rows) {
      const what = `The message in row ${row.seq} of request ${id}`;
      const plain = message === null ? null : (values.text(message, keyId, `event/message/${pk}/${row.seq}`, what) ?? null);
      yield { ...row, counts: JSON.stringify(counts), message: plain };
    }
    const last = rows.at(-1);
    if (!last) return;
    after = last.seq;
  }
}

// A Request that is being purged may have lost some of its rows already.
const NEXT = "SELECT pk FROM request WHERE pk > $1 AND account <> '' ORDER BY pk LIMIT $2";
const REQUEST = `SELECT pk, id, status, total, total_is_estimate AS "totalIsEstimate", counts, last_seq AS "lastSeq",
  indexed_seq AS "indexedSeq", completed_at AS "completedAt" FROM request WHERE pk = $1 AND account <> ''`;
const CARRIERS = `SELECT first_index AS "firstIndex", device_count AS "deviceCount", state, tallies FROM carrier_request
  WHERE request_pk = $1 ORDER BY position`;
const INPUT = 'SELECT devices, settings, key_id AS "keyId" FROM request_input WHERE request_pk = $1';
const INDEXED = 'SELECT key FROM identifier WHERE request_pk = $1';
const WAITING = 'SELECT seq, position FROM unmatched WHERE request_pk = $1 ORDER BY seq';
const EVENTS = `SELECT e.seq, e.kind, e.position, e.ties, e.outcome, e.outcome_status AS status, e.source, e.final_seq AS "finalSeq",
    e.nidd_seq AS "niddSeq", e.request_status AS "requestStatus", e.counts, e.service, e.digest, e.message, e.key_id AS "keyId"
  FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM (
      SELECT seq, coalesce(octet_length(message), 0) AS bytes FROM event WHERE request_pk = $1 AND seq > $2 ORDER BY seq LIMIT $3) first) sized
  JOIN event e ON e.request_pk = $1 AND e.seq = sized.seq WHERE sized.before < $4 ORDER BY e.seq`;
const ORPHANS = `SELECT e.request_pk AS pk, count(*) AS rows FROM event e
  WHERE NOT EXISTS (SELECT 1 FROM request r WHERE r.pk = e.request_pk) GROUP BY e.request_pk ORDER BY e.request_pk LIMIT 100`;
