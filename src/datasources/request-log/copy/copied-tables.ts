import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey } from '../../thingspace/wire/same-identifier.ts';
import type { Value } from '../postgres/database.ts';
import { placeOfDeadLetter, placeOfForward } from '../postgres/path-rows.ts';
import { placeOfInput } from '../postgres/requested-devices.ts';
import type { Seals } from '../postgres/seals.ts';
import { placeOfUnclaimed } from '../postgres/unclaimed-rows.ts';
import { toStorable } from '../postgres/statement-text.ts';
import { LONGEST_KEY } from '../postgres/write-runs.ts';
import { placeOf } from '../sqlite/sealing/sqlite-sealing.ts';

/** A row as it is read from the SQLite store, by the names of its columns. */
export type SourceRow = Readonly<Record<string, string | number | Uint8Array | null>>;

/** What copying a row needs to know beside the row. */
export interface CopyOf {
  readonly seals: Seals;
  /** Times of sendings are those of the clock of the database. */
  readonly clockOffMs: number;
}

interface Column {
  readonly name: string;
  /** An array is given as text: a list of lists would be taken for one with two dimensions. */
  readonly type: 'bigint' | 'integer' | 'text' | 'bytea' | 'boolean' | 'integer[]' | 'bigint[]';
  readonly read: (row: SourceRow, of: CopyOf) => Value;
}

export interface CopiedTable {
  /** In PostgreSQL. */
  readonly name: string;
  /** The table of SQLite, joined with what its rows need. */
  readonly from: string;
  readonly select: string;
  /** Columns of SQLite that name a row. The rows are copied in their order. */
  readonly key: readonly string[];
  /** Before the first key. */
  readonly start: readonly (number | string)[];
  readonly columns: readonly Column[];
  /** Rows that the table does not take, as SQL of SQLite: no index of PostgreSQL takes a longer text, and nobody has such an identifier. */
  readonly where?: string;
  /** Two rows of SQLite may become one. */
  readonly mayMerge?: true;
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

const ofType =
  (type: Column['type']) =>
  (...names: readonly string[]): Column[] =>
    names.map((name) => ({ name, type, read: (row) => row[name] ?? null }));
const whole = ofType('bigint');
const small = ofType('integer');
const bytes = ofType('bytea');
/** Texts of callers and senders, which may have what PostgreSQL does not store. */
const text = (...names: readonly string[]): Column[] =>
  names.map((name) => ({ name, type: 'text', read: (row) => (isNothing(row[name]) ? null : toStorable(String(row[name]))) }));
const flag = (name: string, read: (row: SourceRow) => boolean): Column => ({ name, type: 'boolean', read });
const list = (name: string, type: 'integer[]' | 'bigint[]'): Column => ({
  name,
  type,
  read: (row) => (isNothing(row[name]) ? null : `{${(JSON.parse(String(row[name])) as number[]).join(',')}}`),
});
const time = (name: string): Column => ({
  name,
  type: 'bigint',
  read: (row, { clockOffMs }) => (isNothing(row[name]) ? null : Number(row[name]) + clockOffMs),
});

/** A sealed text is opened at its place in SQLite, and sealed for its place in PostgreSQL. */
function sealedText(name: string, place: (row: SourceRow) => string): Column {
  return {
    name,
    type: 'text',
    read: (row, { seals }) => {
      const stored = row[name] as string | null;
      const plain = seals.openText(stored, row['key_id'] as string | null, String(row[`${name}_place`]));
      return seals.keyId === null && plain !== null ? toStorable(plain) : seals.sealText(plain, place(row));
    },
  };
}

function sealedBytes(name: string, place: (row: SourceRow) => string): Column {
  return {
    name,
    type: 'bytea',
    read: (row, { seals }) =>
      seals.sealBytes(seals.openBytes(row[name] as Uint8Array, row['key_id'] as string | null, String(row[`${name}_place`])), place(row)),
  };
}

/** Names the key of now, where the row has something sealed. */
const keyId = (of: string): Column => ({ name: 'key_id', type: 'text', read: (row, { seals }) => (row[of] === null ? null : seals.keyId) });

const ON_HOLD = 1;
const SETTLED_BY_PART = 2;
const FITS = (column: string) => `is_storable(${column})`;

/** In this order: whatever refers to a row comes after it. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  {
    name: 'request',
    from: 'request',
    // Versions before this one have indexed an IMEI by 14 of its digits alone. Its Requests are indexed again.
    select: `*, iif(EXISTS (SELECT 1 FROM identifier i WHERE i.request_pk = request.pk AND i.key LIKE 'IMEI:%' AND length(i.key) = 19),
      -1, min(indexed_seq, last_seq)) AS indexed`,
    key: ['pk'],
    start: [0],
    columns: [
      ...whole('pk', 'message_bytes', 'created_at', 'updated_at', 'changed_at', 'completed_at'),
      ...small('total', 'last_seq', 'learnt_seq', 'quiet'),
      ...text('id', 'account', 'origin', 'operation', 'created_by', 'client_reference', 'idempotency_key', 'retry_of', 'status', 'error'),
      ...bytes('input_hash'),
      list('counts', 'integer[]'),
      flag('total_is_estimate', (row) => row['total_is_estimate'] === 1),
      { name: 'indexed_seq', type: 'integer', read: (row) => row['indexed'] ?? null },
      flag('is_to_index', (row) => Number(row['indexed']) < Number(row['last_seq'])),
    ],
  },
  {
    name: 'request_input',
    from: 'request_input',
    select: `*, ${placeOf('request_input', 'devices')} AS devices_place, ${placeOf('request_input', 'settings')} AS settings_place`,
    key: ['request_pk'],
    start: [0],
    columns: [
      ...whole('request_pk'),
      sealedText('devices', (row) => placeOfInput('devices', Number(row['request_pk']))),
      sealedText('settings', (row) => placeOfInput('settings', Number(row['request_pk']))),
      keyId('settings'),
    ],
  },
  {
    name: 'carrier_request',
    from: 'carrier_request',
    select: '*',
    key: ['request_pk', 'position'],
    start: [0, -1],
    columns: [
      ...whole('request_pk', 'sent_after'),
      ...small('position', 'first_index', 'device_count', 'attempts'),
      ...text('service', 'carrier_request_id', 'state', 'error', 'owed'),
      time('sent_at'),
      time('answered_at'),
      flag('device_decides', (row) => row['device_decides'] === 1),
      list('tallies', 'bigint[]'),
    ],
  },
  {
    name: 'event',
    from: 'event e LEFT JOIN device_event d ON d.request_pk = e.request_pk AND d.outcome = e.outcome AND d.seq = e.seq',
    select: `e.*, coalesce(d.flags, 0) AS flags, d.digest AS device_digest, concat_ws('/', 'event', 'message', e.request_pk, e.seq) AS message_place`,
    key: ['e.request_pk', 'e.seq'],
    start: [0, 0],
    columns: [
      ...whole('request_pk', 'at', 'callback_count'),
      ...small('seq', 'position', 'outcome', 'final_seq', 'nidd_seq', 'ties'),
      ...text('kind', 'outcome_status', 'source', 'request_status', 'service'),
      flag('contradicted', (row) => row['contradicted'] === 1),
      flag('is_on_hold', (row) => (Number(row['flags']) & ON_HOLD) !== 0),
      flag('is_settled_by_part', (row) => (Number(row['flags']) & SETTLED_BY_PART) !== 0),
      list('counts', 'integer[]'),
      { name: 'digest', type: 'bytea', read: (row) => row['digest'] ?? row['device_digest'] ?? null },
      flag('is_found_by_device', (row) => row['device_digest'] !== null),
      sealedText('message', (row) => `event/message/${Number(row['request_pk'])}/${Number(row['seq'])}`),
      keyId('message'),
    ],
  },
  {
    name: 'device_key',
    from: 'device_key',
    select: '*',
    key: ['request_pk', 'position', 'stem', 'outcome', 'key'],
    start: [0, -1, '', -1, ''],
    where: FITS('key'),
    mayMerge: true,
    columns: [...whole('request_pk'), ...small('position', 'outcome'), ...text('stem', 'key')],
  },
  {
    name: 'unmatched',
    from: 'unmatched',
    select: '*',
    key: ['request_pk', 'position', 'bearing', 'seq'],
    start: [0, -1, '', 0],
    columns: [...whole('request_pk'), ...small('position', 'seq'), ...text('bearing')],
  },
  {
    name: 'unmatched_key',
    from: 'unmatched_key',
    select: '*',
    key: ['request_pk', 'position', 'stem', 'seq'],
    start: [0, -1, '', 0],
    where: FITS('stem'),
    mayMerge: true,
    columns: [...whole('request_pk'), ...small('position', 'seq'), ...text('stem')],
  },
  {
    name: 'identifier',
    from: 'identifier',
    select: '*',
    key: ['request_pk', 'key'],
    start: [0, ''],
    where: FITS('key'),
    mayMerge: true,
    columns: [...whole('request_pk'), { name: 'key', type: 'text', read: (row) => toStorable(cleanKey(String(row['key']))) }],
  },
  {
    name: 'unclaimed',
    from: 'unclaimed',
    select: `*, ${placeOf('unclaimed', 'message')} AS message_place`,
    key: ['pk'],
    start: [0],
    columns: [
      ...whole('pk', 'received_at', 'callback_count'),
      ...text('account', 'service', 'carrier_request_id'),
      ...bytes('digest'),
      sealedText('message', (row) => placeOfUnclaimed(pathOf(row))),
      keyId('message'),
    ],
  },
  {
    name: 'dead_letter',
    from: 'kept_message',
    select: `*, ${placeOf('kept_message', 'body')} AS body_place`,
    key: ['pk'],
    start: [0],
    columns: [
      ...whole('pk', 'received_at'),
      ...text('account', 'service', 'reason', 'content_type', 'content_encoding'),
      ...bytes('digest'),
      sealedBytes('body', (row) => placeOfDeadLetter(pathOf(row))),
      keyId('body'),
    ],
  },
  {
    name: 'forward',
    from: 'forward',
    select: `*, ${placeOf('forward', 'body')} AS body_place`,
    key: ['pk'],
    start: [0],
    columns: [
      ...whole('pk', 'received_at'),
      ...text('account', 'service', 'content_type', 'content_encoding'),
      sealedBytes('body', (row) => placeOfForward(pathOf(row))),
      keyId('body'),
    ],
  },
  {
    name: 'api_key',
    from: 'api_key',
    select: '*',
    key: ['id'],
    start: [''],
    columns: [...text('id', 'name', 'scopes', 'grants'), ...bytes('hash'), ...whole('created_at', 'expires_at', 'revoked_at')],
  },
  {
    name: 'audit',
    from: 'audit',
    select: '*',
    key: ['pk'],
    start: [0],
    columns: [...whole('pk', 'at'), ...small('devices'), ...text('caller', 'action', 'account', 'subject', 'outcome')],
  },
];

/** Versions before this one wrote an ICCID with its padding. PostgreSQL never had such rows. */
function cleanKey(key: string): string {
  return key.startsWith('ICCID:') ? identifierKey(parseIdentifierKind('ICCID'), key.slice('ICCID:'.length), 'ICCID') : key;
}

export function isStorable(key: string): boolean {
  return key.length <= LONGEST_KEY;
}

function pathOf(row: SourceRow) {
  return {
    pk: Number(row['pk']),
    account: String(row['account']),
    service: String(row['service']),
    reason: String(row['reason']),
    digest: row['digest'] as Uint8Array,
  };
}
