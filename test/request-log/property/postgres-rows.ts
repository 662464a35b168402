import { PostgresClient } from '../../support/postgres-client.ts';
import type { StoredEvent, StoredMessage, StoredRows } from './stored-rows.ts';

/**
 * The rows of a store on PostgreSQL, read by the test's own SQL.
 *
 * @param verify the store's own check of a database: the faults it finds.
 */
export async function postgresRows(url: string, verify: (url: string) => Promise<readonly string[]>): Promise<StoredRows> {
  const client = new PostgresClient(url);
  const database = new URL(url).pathname.slice(1);
  const rows = <Row extends object>(sql: string) => client.query<Row>(sql, [], database);
  return {
    events: await rows<StoredEvent>(EVENTS),
    unclaimed: await rows<StoredMessage>(`SELECT account, service, ${hex('digest')} AS digest FROM unclaimed`),
    foreign: await rows<StoredRows['foreign'][number]>(FOREIGN),
    owed: await rows<StoredRows['owed'][number]>(OWED),
    faults: await verify(url),
  };
}

const EVENTS = `SELECT r.id AS request, r.account, e.seq, e.kind, e.position, e.outcome, e.outcome_status, e.request_status,
    array_to_json(e.counts)::text AS counts, e.service, ${hex('e.digest')} AS digest,
    (e.message::json ->> 'requestId' IS NOT NULL
      AND ${bare("e.message::json ->> 'requestId'")} IS DISTINCT FROM lower(c.carrier_request_id))::integer AS "formerId"
  FROM event e JOIN request r ON r.pk = e.request_pk
  LEFT JOIN carrier_request c ON c.request_pk = e.request_pk AND c.position = e.position
  WHERE r.account <> '' ORDER BY r.pk, e.seq`;

const FOREIGN = `SELECT account, service, ${hex('digest')} AS digest, (NOT EXISTS (SELECT 1 FROM carrier_request c
    WHERE lower(c.carrier_request_id) = ${bare("convert_from(d.body, 'UTF8')::json ->> 'requestId'")}))::integer AS "formerId"
  FROM dead_letter d WHERE reason IN ('FOREIGN_REQUEST', 'WRONG_SERVICE')`;

const OWED = `SELECT r.id AS request, c.position FROM carrier_request c JOIN request r ON r.pk = c.request_pk
  WHERE c.owed IS NOT NULL AND r.account <> ''`;

function hex(column: string): string {
  return `upper(encode(${column}, 'hex'))`;
}

/** A carrier's id without the spellings that mean the same. */
function bare(id: string): string {
  return `lower(btrim(${id}, ' {}()'))`;
}
