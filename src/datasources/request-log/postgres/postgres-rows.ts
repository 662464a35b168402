import * as rows from '../event-rows.ts';
import { progressOf, type RequestError, type StoredCallback, type StoredCarrierRequest, type StoredRequest } from '../stored-request.ts';
import type { PlacedEvent } from '../working-set.ts';
import type { Seals } from './seals.ts';

// Columns are named as in the domain objects, so that a row needs little more to be one.
export const REQUEST = `pk, id, account, origin, operation, created_by AS "createdBy", client_reference AS "clientReference",
  retry_of AS "retryOf", status, total, total_is_estimate AS "totalIsEstimate", counts, last_seq AS "lastSeq", error,
  created_at AS "createdAt", updated_at AS "updatedAt", completed_at AS "completedAt"`;
export const CARRIER_REQUEST = `c.position, c.service, c.carrier_request_id AS "carrierRequestId", c.state,
  c.first_index AS "firstIndex", c.device_count AS "deviceCount", c.attempts, c.sent_at AS "sentAt", c.answered_at AS "answeredAt",
  c.error`;
export const OUTCOME = `outcome, outcome_status AS status, source, final_seq AS "finalSeq", nidd_seq AS "niddSeq", contradicted`;
/** A message without the row that it has changed. */
export const MESSAGE = `seq, at, service, callback_count AS "callbackCount", message, key_id AS "keyId"`;

export type RequestRow = Omit<StoredRequest, 'progress' | 'error'> & {
  readonly pk: number;
  readonly counts: readonly number[];
  readonly error: string | null;
};

export type CarrierRequestRow = Omit<StoredCarrierRequest, 'error'> & { readonly error: string | null };

/** A message as it lies in the table, which may be sealed. */
export interface SealedRow extends rows.MessageRow {
  readonly seq: number;
  readonly keyId: string | null;
}

export type EventRow = rows.EventRow & SealedRow;

export function toRequest(row: RequestRow): StoredRequest {
  const { pk: _pk, counts, error, ...rest } = row;
  return { ...rest, progress: progressOf(counts), error: toError(error) };
}

export function toCarrierRequest({ error, ...row }: CarrierRequestRow): StoredCarrierRequest {
  return { ...row, error: toError(error) };
}

/** @throws GatewayError STORE_FAILED for a message that does not open. */
export function toPlacedEvent(seals: Seals, pk: number, row: EventRow): PlacedEvent {
  return rows.toPlacedEvent({ ...row, message: openMessage(seals, pk, row) });
}

/** @throws GatewayError STORE_FAILED for a message that does not open. */
export function toStoredCallback(seals: Seals, pk: number, row: SealedRow): StoredCallback | null {
  return rows.toStoredCallback({ ...row, message: openMessage(seals, pk, row) });
}

function openMessage(seals: Seals, pk: number, { seq, message, keyId }: SealedRow): string | null {
  return seals.openText(message, keyId, `event/message/${pk}/${seq}`);
}

function toError(json: string | null): RequestError | null {
  return json === null ? null : (JSON.parse(json) as RequestError);
}
