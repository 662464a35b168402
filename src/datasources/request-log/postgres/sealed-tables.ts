import { placeOfDeadLetter, placeOfForward } from './path-rows.ts';
import { placeOfInput } from './requested-devices.ts';
import type { Seals } from './seals.ts';
import { placeOfUnclaimed } from './unclaimed-rows.ts';

/** A row whose values are sealed, as the statements of its table read it. */
export interface SealedRow {
  readonly keyId: string | null;
  /** Of a log. */
  readonly requestPk: number;
  readonly seq: number;
  /** Of every other table. */
  readonly pk: number;
  readonly account: string;
  readonly service: string;
  readonly reason: string;
  readonly digest: Uint8Array;
  readonly text: string | null;
  readonly text2: string | null;
  readonly bytes: Uint8Array;
}

/** How the values of a table are sealed anew. Rows have a key of two numbers; the second one is 0 where one number is enough. */
export interface SealedTable {
  /** The keys of the next rows, as `first` and `second`, with `bytes` and `isDue`. Parameters: last key (2), the key of now, the limit. */
  readonly find: string;
  /** Locks and reads some rows by their keys. */
  readonly read: string;
  /** Parameters: keys (2), the key of now, and what `reseal` gives back. */
  readonly write: string;
  /** The columns of a row, sealed with the key of now. */
  readonly reseal: (seals: Seals, row: SealedRow) => (string | Uint8Array | null)[];
}

/** Every column that is sealed: base64 in a text column, bytes in a bytea column. */
export const SEALED_TABLES: readonly SealedTable[] = [
  {
    find: `SELECT request_pk AS first, 0 AS second, coalesce(octet_length(devices), 0) + octet_length(settings) AS bytes,
        key_id IS DISTINCT FROM $3::text AS "isDue" FROM request_input WHERE request_pk > $1 AND $2::integer = 0 ORDER BY request_pk LIMIT $4`,
    read: `SELECT request_pk AS pk, key_id AS "keyId", devices AS text, settings AS text2 FROM request_input
      WHERE request_pk = ANY($1::bigint[]) AND $2::integer[] IS NOT NULL ORDER BY request_pk FOR UPDATE`,
    write: `UPDATE request_input t SET devices = n.text, settings = n.text2, key_id = $3
      FROM unnest($1::bigint[], $2::integer[], $4::text[], $5::text[]) AS n (first, second, text, text2) WHERE t.request_pk = n.first`,
    reseal: (seals, { pk, keyId, text, text2 }) => [
      resealText(seals, text, keyId, placeOfInput('devices', pk)),
      resealText(seals, text2, keyId, placeOfInput('settings', pk)),
    ],
  },
  {
    find: `SELECT request_pk AS first, seq AS second, coalesce(octet_length(message), 0) AS bytes,
        message IS NOT NULL AND key_id IS DISTINCT FROM $3::text AS "isDue" FROM event WHERE (request_pk, seq) > ($1::bigint, $2::integer)
      ORDER BY request_pk, seq LIMIT $4`,
    read: `SELECT e.request_pk AS "requestPk", e.seq, e.key_id AS "keyId", e.message AS text
      FROM event e JOIN unnest($1::bigint[], $2::integer[]) AS n (first, second) ON e.request_pk = n.first AND e.seq = n.second
      ORDER BY e.request_pk, e.seq FOR UPDATE OF e`,
    write: `UPDATE event t SET message = n.text, key_id = $3 FROM unnest($1::bigint[], $2::integer[], $4::text[]) AS n (first, second, text)
      WHERE t.request_pk = n.first AND t.seq = n.second`,
    reseal: (seals, { requestPk, seq, keyId, text }) => [resealText(seals, text, keyId, `event/message/${requestPk}/${seq}`)],
  },
  {
    find: `SELECT pk AS first, 0 AS second, octet_length(message) AS bytes, key_id IS DISTINCT FROM $3::text AS "isDue" FROM unclaimed
      WHERE pk > $1 AND $2::integer = 0 ORDER BY pk LIMIT $4`,
    read: `SELECT pk, account, service, digest, key_id AS "keyId", message AS text FROM unclaimed
      WHERE pk = ANY($1::bigint[]) AND $2::integer[] IS NOT NULL ORDER BY pk FOR UPDATE`,
    write: `UPDATE unclaimed t SET message = n.text, key_id = $3 FROM unnest($1::bigint[], $2::integer[], $4::text[]) AS n (first, second, text)
      WHERE t.pk = n.first`,
    reseal: (seals, row) => [resealText(seals, row.text, row.keyId, placeOfUnclaimed(row))],
  },
  {
    find: `SELECT pk AS first, 0 AS second, octet_length(body) AS bytes, key_id IS DISTINCT FROM $3::text AS "isDue" FROM dead_letter
      WHERE pk > $1 AND $2::integer = 0 ORDER BY pk LIMIT $4`,
    read: `SELECT pk, account, service, reason, digest, key_id AS "keyId", body AS bytes FROM dead_letter
      WHERE pk = ANY($1::bigint[]) AND $2::integer[] IS NOT NULL ORDER BY pk FOR UPDATE`,
    write: `UPDATE dead_letter t SET body = n.body, key_id = $3 FROM unnest($1::bigint[], $2::integer[], $4::bytea[]) AS n (first, second, body)
      WHERE t.pk = n.first`,
    reseal: (seals, row) => [resealBytes(seals, row.bytes, row.keyId, placeOfDeadLetter(row))],
  },
  {
    find: `SELECT pk AS first, 0 AS second, octet_length(body) AS bytes, key_id IS DISTINCT FROM $3::text AS "isDue" FROM forward
      WHERE pk > $1 AND $2::integer = 0 ORDER BY pk LIMIT $4`,
    read: `SELECT pk, account, service, key_id AS "keyId", body AS bytes FROM forward
      WHERE pk = ANY($1::bigint[]) AND $2::integer[] IS NOT NULL ORDER BY pk FOR UPDATE`,
    write: `UPDATE forward t SET body = n.body, key_id = $3 FROM unnest($1::bigint[], $2::integer[], $4::bytea[]) AS n (first, second, body)
      WHERE t.pk = n.first`,
    reseal: (seals, row) => [resealBytes(seals, row.bytes, row.keyId, placeOfForward(row))],
  },
];

function resealText(seals: Seals, stored: string | null, keyId: string | null, place: string): string | null {
  return seals.sealText(seals.openText(stored, keyId, place), place);
}

function resealBytes(seals: Seals, stored: Uint8Array, keyId: string | null, place: string): Uint8Array {
  return seals.sealBytes(seals.openBytes(stored, keyId, place), place);
}
