import { DatabaseSync } from 'node:sqlite';
import { Client, escapeLiteral } from 'pg';
import { Database, type Value } from '../../src/datasources/request-log/postgres/database.ts';
import { prepareDatabase } from '../../src/datasources/request-log/postgres/prepare-database.ts';
import { placeOfInput } from '../../src/datasources/request-log/postgres/requested-devices.ts';
import type { Seals } from '../../src/datasources/request-log/postgres/seals.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { isTerminal } from '../../src/datasources/request-log/stored-request.ts';
import { needPostgres } from '../support/need-postgres.ts';
import type { ListedRequest } from './listed-store.ts';

type Row = Readonly<Record<string, string | number | null | boolean | readonly number[]>>;
type SqliteRow = Readonly<Record<string, string | number | null>> & { readonly request_pk: number };

export interface FilledDatabase extends AsyncDisposable {
  readonly db: Database;
  /** Ends all connections to it. */
  cut(): Promise<unknown>;
  /** How it would run a statement that it has prepared for any values. */
  planOf(text: string, values: readonly Value[]): Promise<string>;
}

/** A fresh database with the gateway's schema. */
export async function openDatabase(): Promise<FilledDatabase> {
  await using undo = new AsyncDisposableStack();
  const postgres = await needPostgres();
  const { url } = undo.use(await postgres.openDatabase());
  await prepareDatabase(url, { now: Date.now });
  const db = undo.use(new Database({ url, connections: 4, hub: new Hub({ tickMs: () => 1 }), origin: 'here' }));
  const kept = undo.move();
  return {
    db,
    cut: () => postgres.cutConnections(url),
    planOf: (text, values) => planOf(url, text, values),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function planOf(url: string, text: string, values: readonly Value[]): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE planned AS ${text}`);
    const given = values.length === 0 ? '' : `(${values.map(literalOf).join(', ')})`;
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE planned${given}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.end();
  }
}

function literalOf(value: Value): string {
  if (Array.isArray(value) && value.length === 0) return "'{}'";
  if (Array.isArray(value)) return `ARRAY[${value.map(literalOf).join(', ')}]::${typeof value[0] === 'number' ? 'bigint' : 'text'}[]`;
  return value === null || typeof value === 'number' ? String(value) : escapeLiteral(String(value as string));
}

export async function insertRows(db: Database, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  if (columns === '') return;
  await db.run(
    `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1::json)`,
    [JSON.stringify(rows)],
  );
}

/** Copies Requests and what belongs to them from an embedded store that is not sealed, and seals what is sealed here. */
export async function copyRequests(path: string, db: Database, seals: Seals): Promise<void> {
  using source = new DatabaseSync(path);
  const all = (sql: string) => source.prepare(sql).all() as SqliteRow[];
  const seal = (plain: string | number | null | undefined, place: string) =>
    plain === null || plain === undefined ? null : seals.sealText(String(plain), place);
  await insertRows(
    db,
    'request',
    all(`SELECT pk, id, account, origin, operation, created_by, client_reference, retry_of, status, total, total_is_estimate, counts,
      last_seq, error, created_at, updated_at, completed_at FROM request`).map((row) => ({
      ...row,
      total_is_estimate: row['total_is_estimate'] === 1,
      indexed_seq: 0,
      learnt_seq: 0,
      quiet: 0,
      message_bytes: 0,
      is_to_index: false,
      counts: JSON.parse(String(row['counts'])) as number[],
    })),
  );
  await insertRows(
    db,
    'request_input',
    all('SELECT request_pk, devices, settings FROM request_input').map(({ request_pk: pk, devices, settings }) => ({
      request_pk: pk,
      devices: seal(devices, placeOfInput('devices', pk)),
      settings: seal(settings, placeOfInput('settings', pk)),
      key_id: seals.keyId,
    })),
  );
  await insertRows(
    db,
    'carrier_request',
    all(`SELECT request_pk, position, service, carrier_request_id, state, first_index, device_count, attempts, sent_at, answered_at, error,
      0 AS sent_after FROM carrier_request`),
  );
  await insertRows(
    db,
    'event',
    all(`SELECT request_pk, seq, at, kind, position, outcome, outcome_status, source, final_seq, nidd_seq, contradicted, ties, request_status,
      counts, service, callback_count, message FROM event`).map((row) => ({
      ...row,
      contradicted: row['contradicted'] === 1,
      is_on_hold: false,
      is_settled_by_part: false,
      is_found_by_device: false,
      counts: JSON.parse(String(row['counts'])) as number[],
      message: seal(row['message'], `event/message/${row.request_pk}/${row['seq']}`),
      key_id: row['message'] === null ? null : seals.keyId,
    })),
  );
}

export async function insertListed(db: Database, requests: readonly ListedRequest[]): Promise<void> {
  await insertRows(
    db,
    'request',
    requests.map(({ pk, id, account, status, operation, reference, createdAt }) => ({
      pk,
      id,
      account,
      origin: 'GATEWAY',
      operation,
      created_by: 'x',
      client_reference: reference,
      status,
      total_is_estimate: false,
      counts: [0, 0, 1, 0, 0, 0, 0, 0, 0],
      last_seq: 1,
      learnt_seq: 0,
      quiet: 0,
      message_bytes: 0,
      indexed_seq: 1,
      is_to_index: false,
      created_at: createdAt,
      updated_at: createdAt,
      completed_at: isTerminal(status) ? createdAt : null,
    })),
  );
  const kept = requests.filter(({ account }) => account !== '');
  await insertRows(
    db,
    'carrier_request',
    kept.map(({ pk, carrierId }) => ({
      request_pk: pk,
      position: 0,
      service: 'CarrierService',
      carrier_request_id: carrierId,
      state: 'ACCEPTED',
      first_index: 0,
      attempts: 1,
      sent_after: 0,
    })),
  );
  await insertRows(
    db,
    'identifier',
    kept.flatMap(({ pk, devices }) => devices.map((key) => ({ key, request_pk: pk }))),
  );
}
