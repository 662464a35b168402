import type { CallbackMessage } from '../../thingspace/wire/callback.ts';
import * as rows from '../event-rows.ts';
import type { LogEvent } from '../log-event.ts';
import type { PlacedEvent } from '../working-set.ts';
import type { UnclaimedCallback } from '../unclaimed-log.ts';
import { readMessage, readMessageIfReadable } from '../read-message.ts';
import { progressOf, type StoredCarrierRequest, type StoredRequest, type RequestError } from '../stored-request.ts';

/** A row whose columns are the fields of `Stored`. */
export type RowOf<Stored> = { readonly [Field in keyof Stored]: Stored[Field] };

export type RequestRow = Omit<StoredRequest, 'totalIsEstimate' | 'progress' | 'error'> & {
  readonly pk: number;
  readonly totalIsEstimate: number;
  readonly counts: string;
  readonly error: string | null;
};

export type CarrierRequestRow = Omit<StoredCarrierRequest, 'error'> & { readonly error: string | null };

/** As the event of both stores, with truth as 0 or 1, and a list as JSON. */
export type EventRow = Omit<rows.EventRow, 'contradicted' | 'counts'> & { readonly contradicted: number; readonly counts: string };

export type UnclaimedRow = Omit<UnclaimedCallback, 'message'>;

export function toRequest({ pk: _pk, counts, totalIsEstimate, error, ...row }: RequestRow): StoredRequest {
  return { ...row, totalIsEstimate: totalIsEstimate === 1, progress: progressOf(JSON.parse(counts) as number[]), error: toError(error) };
}

export function toCarrierRequest({ error, ...row }: CarrierRequestRow): StoredCarrierRequest {
  return { ...row, error: toError(error) };
}

export function toLogEvent(row: Omit<EventRow, 'counts'>): LogEvent {
  return rows.toLogEvent({ ...row, contradicted: row.contradicted === 1 });
}

/** The row as `transition` placed it. */
export function toPlacedEvent(row: EventRow): PlacedEvent {
  return rows.toPlacedEvent({ ...row, contradicted: row.contradicted === 1, counts: JSON.parse(row.counts) as number[] });
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
