import { parseCallback } from '../../thingspace/wire/callback.ts';
import { isEvidenceService, parseEvidence } from '../../thingspace/wire/evidence.ts';
import type { LogEvent } from '../log-event.ts';
import type { PlacedEvent } from '../transition.ts';
import type { UnclaimedCallback } from '../request-log.ts';
import { progressOf, type StoredCallback, type StoredCarrierRequest, type StoredRequest, type RequestError } from '../stored-request.ts';

/** The columns of each table as node:sqlite gives them back, and the domain objects they stand for. */
export type RequestRow = {
  pk: number;
  id: string;
  account: string;
  origin: StoredRequest['origin'];
  operation: string | null;
  created_by: string;
  client_reference: string | null;
  retry_of: string | null;
  status: StoredRequest['status'];
  total: number | null;
  total_is_estimate: number;
  counts: string;
  last_seq: number;
  error: string | null;
  created_at: number;
  updated_at: number;
  completed_at: number | null;
};

export type CarrierRequestRow = {
  request_id: string;
  position: number;
  service: string;
  carrier_request_id: string | null;
  state: StoredCarrierRequest['state'];
  first_index: number;
  device_count: number | null;
  attempts: number;
  sent_at: number | null;
  answered_at: number | null;
  error: string | null;
};

export type EventRow = {
  seq: number;
  at: number;
  kind: LogEvent['kind'];
  position: number;
  outcome: number | null;
  outcome_status: NonNullable<LogEvent['outcome']>['status'];
  source: NonNullable<LogEvent['outcome']>['source'];
  final_seq: number;
  nidd_seq: number;
  contradicted: number;
  ties: number;
  request_status: StoredRequest['status'];
  counts: string;
  service: string | null;
  callback_count: number | null;
  message: string | null;
};

export type UnclaimedRow = {
  pk: number;
  account: string;
  service: string;
  carrier_request_id: string | null;
  received_at: number;
  callback_count: number | null;
  digest: Uint8Array;
  message: string;
};

export function toRequest(row: RequestRow): StoredRequest {
  return {
    id: row.id,
    account: row.account,
    origin: row.origin,
    operation: row.operation,
    createdBy: row.created_by,
    clientReference: row.client_reference,
    status: row.status,
    total: row.total,
    totalIsEstimate: row.total_is_estimate === 1,
    retryOf: row.retry_of,
    progress: toProgress(row.counts),
    lastSeq: row.last_seq,
    error: toError(row.error),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    completedAt: row.completed_at,
  };
}

export function toCarrierRequest(row: CarrierRequestRow): StoredCarrierRequest {
  return {
    requestId: row.request_id,
    position: row.position,
    service: row.service,
    carrierRequestId: row.carrier_request_id,
    state: row.state,
    firstIndex: row.first_index,
    deviceCount: row.device_count,
    attempts: row.attempts,
    sentAt: row.sent_at,
    answeredAt: row.answered_at,
    error: toError(row.error),
  };
}

export function toLogEvent(row: EventRow): LogEvent {
  const stored = toStoredCallback(row.service, row.message, row.at, row.callback_count);
  return {
    kind: row.kind,
    position: row.position,
    outcome:
      row.outcome === null
        ? null
        : {
            index: row.outcome,
            status: row.outcome_status,
            source: row.source,
            finalSeq: row.final_seq,
            niddSeq: row.nidd_seq,
            contradicted: row.contradicted === 1,
          },
    callback: stored && {
      message: stored.message,
      service: row.service ?? '',
      json: row.message ?? '',
      digest: NO_DIGEST,
      callbackCount: row.callback_count,
      receivedAt: row.at,
    },
    ties: row.ties,
  };
}

/** A row with its place, as `transition` had placed it. */
export function toPlacedEvent(row: EventRow): PlacedEvent {
  return { event: toLogEvent(row), seq: row.seq, status: row.request_status, counts: JSON.parse(row.counts) as number[] };
}

/** A row read back is never written again, so its digest is not needed. */
const NO_DIGEST = new Uint8Array(0);

export function toStoredCallback(
  service: string | null,
  json: string | null,
  at: number,
  callbackCount: number | null,
): StoredCallback | null {
  if (service === null || json === null) return null;
  const raw: unknown = JSON.parse(json);
  const message = isEvidenceService(service) ? parseEvidence(raw) : parseCallback(service, raw);
  return message && { receivedAt: at, callbackCount, message };
}

export function toUnclaimed(row: UnclaimedRow): UnclaimedCallback | null {
  const stored = toStoredCallback(row.service, row.message, row.received_at, row.callback_count);
  return (
    stored && {
      id: String(row.pk),
      account: row.account,
      service: row.service,
      carrierRequestId: row.carrier_request_id,
      json: row.message,
      ...stored,
    }
  );
}

export function toProgress(counts: string): StoredRequest['progress'] {
  return progressOf(JSON.parse(counts) as number[]);
}

function toError(json: string | null): RequestError | null {
  return json === null ? null : (JSON.parse(json) as RequestError);
}
