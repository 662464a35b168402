import { DatabaseSync } from 'node:sqlite';
import type { OutcomeStatus, RequestStatus } from '../../../src/datasources/request-log/stored-request.ts';
import { verifySqlite } from '../../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';

export interface StoredEvent {
  readonly request: string;
  readonly account: string;
  readonly seq: number;
  readonly kind: string;
  readonly position: number;
  readonly outcome: number | null;
  readonly outcome_status: OutcomeStatus | null;
  readonly request_status: RequestStatus;
  /** JSON array: devices at each status, then callbacks that are unmatched. */
  readonly counts: string;
  readonly service: string | null;
  readonly digest: string | null;
  /**
   * 1 when the message came by an id that its carrier request has no more: somebody had stated it, and the carrier answered another.
   */
  readonly formerId: 0 | 1;
}

/** The key of a stored message: account and service of its listener, and its hash. */
export interface StoredMessage {
  readonly account: string;
  readonly service: string;
  readonly digest: string;
}

export interface StoredRows {
  readonly events: readonly StoredEvent[];
  readonly unclaimed: readonly StoredMessage[];
  /** `formerId` as with events. */
  readonly foreign: readonly (StoredMessage & Pick<StoredEvent, 'formerId'>)[];
  /** The carrier requests with a step that has not reached all their devices. */
  readonly owed: readonly { readonly request: string; readonly position: number }[];
  /** The faults that the store's own check finds. */
  readonly faults: readonly string[];
}

/** The rows of a store's file that no process uses, read by the test's own SQL. */
export function storedRows(path: string): StoredRows {
  return { ...read(path), faults: verifySqlite(path).faults };
}

function read(path: string): Omit<StoredRows, 'faults'> {
  const db = new DatabaseSync(path);
  try {
    return {
      events: db
        .prepare(
          `SELECT r.id AS request, r.account, e.seq, e.kind, e.position, e.outcome, e.outcome_status, e.request_status, e.counts, e.service,
             hex(coalesce(e.digest, d.digest)) AS digest,
             e.message ->> 'requestId' IS NOT NULL AND lower(trim(e.message ->> 'requestId', ' {}()')) IS NOT lower(c.carrier_request_id) AS formerId
           FROM event e JOIN request r ON r.pk = e.request_pk
           LEFT JOIN device_event d ON d.request_pk = e.request_pk AND d.outcome = e.outcome AND d.seq = e.seq
           LEFT JOIN carrier_request c ON c.request_pk = e.request_pk AND c.position = e.position
           WHERE r.account <> '' ORDER BY r.pk, e.seq`,
        )
        .all() as unknown as StoredEvent[],
      unclaimed: db.prepare('SELECT account, service, hex(digest) AS digest FROM unclaimed').all() as unknown as StoredMessage[],
      foreign: db
        .prepare(
          `SELECT account, service, hex(digest) AS digest, NOT EXISTS (SELECT 1 FROM carrier_request c
             WHERE lower(c.carrier_request_id) = lower(trim(CAST(k.body AS TEXT) ->> 'requestId', ' {}()'))) AS formerId
           FROM kept_message k WHERE reason IN ('FOREIGN_REQUEST', 'WRONG_SERVICE')`,
        )
        .all() as unknown as StoredRows['foreign'],
      owed: db
        .prepare('SELECT r.id AS request, o.position FROM owed o JOIN request r ON r.pk = o.request_pk')
        .all() as unknown as StoredRows['owed'],
    };
  } finally {
    db.close();
  }
}
