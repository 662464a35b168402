import type { CallbackMessage } from '../../thingspace/wire/callback.ts';
import type { LogEvent, OutcomeChange } from '../log-event.ts';
import type { PlacedEvent } from '../working-set.ts';
import type { UnclaimedCallback } from '../unclaimed-log.ts';
import { readMessage, readMessageIfReadable } from '../read-message.ts';
import { progressOf, type StoredCallback, type StoredCarrierRequest, type StoredRequest, type RequestError } from '../stored-request.ts';

/** A row whose columns are the fields of `Stored`. */
export type RowOf<Stored> = { readonly [Field in keyof Stored]: Stored[Field] };

export type RequestRow = Omit<StoredRequest, 'totalIsEstimate' | 'progress' | 'error'> & {
  readonly pk: number;
  readonly totalIsEstimate: number;
  readonly counts: string;
  readonly error: string | null;
};

export type CarrierRequestRow = Omit<StoredCarrierRequest, 'error'> & { readonly error: string | null };

/** Of a row that changes no device, `outcome` is null and the others say nothing. */
export type OutcomeRow = Pick<OutcomeChange, 'status' | 'source' | 'finalSeq' | 'niddSeq'> & {
  readonly outcome: number | null;
  readonly contradicted: number;
};

export type EventRow = OutcomeRow &
  Pick<LogEvent, 'kind' | 'position' | 'ties'> & {
    readonly seq: number;
    readonly at: number;
    readonly requestStatus: StoredRequest['status'];
    readonly counts: string;
    readonly service: string | null;
    readonly callbackCount: number | null;
    readonly message: string | null;
  };

export type UnclaimedRow = Omit<UnclaimedCallback, 'message'>;

export function toRequest({ pk: _pk, counts, totalIsEstimate, error, ...row }: RequestRow): StoredRequest {
  return { ...row, totalIsEstimate: totalIsEstimate === 1, progress: progressOf(JSON.parse(counts) as number[]), error: toError(error) };
}

export function toCarrierRequest({ error, ...row }: CarrierRequestRow): StoredCarrierRequest {
  return { ...row, error: toError(error) };
}

export function toLogEvent(row: EventRow): LogEvent {
  const { kind, position, ties, outcome, status, source, finalSeq, niddSeq, contradicted } = row;
  const stored = toStoredCallback(row);
  return {
    kind,
    position,
    outcome: outcome === null ? null : { index: outcome, status, source, finalSeq, niddSeq, contradicted: contradicted === 1 },
    callback: stored && { ...stored, service: row.service ?? '', json: row.message ?? '', digest: NO_DIGEST },
    ties,
  };
}

/** The row as `transition` placed it. */
export function toPlacedEvent(row: EventRow): PlacedEvent {
  return {
    event: toLogEvent(row),
    seq: row.seq,
    status: row.requestStatus,
    counts: JSON.parse(row.counts) as number[],
    device: null,
    isFoundByDevice: false,
  };
}

/** A row that was read is never written again, so its digest is not needed. */
const NO_DIGEST = new Uint8Array(0);

export function toStoredCallback({ service, message: json, at, callbackCount }: EventRow): StoredCallback | null {
  if (service === null || json === null) return null;
  const message = readMessage(service, json);
  return message && { receivedAt: at, callbackCount, message };
}

export function toUnclaimed(row: UnclaimedRow): UnclaimedCallback | null {
  const message = readMessage(row.service, row.json);
  return message && { ...row, message };
}

/** Null for a row without a message, and for a message that cannot be read. */
export function toMessage(row: Pick<EventRow, 'service' | 'message'> | undefined): CallbackMessage | null {
  return row ? readMessageIfReadable(row.service, row.message) : null;
}

function toError(json: string | null): RequestError | null {
  return json === null ? null : (JSON.parse(json) as RequestError);
}
