import type { LogEvent, OutcomeChange } from './log-event.ts';
import { readMessage } from './read-message.ts';
import type { RequestStatus, StoredCallback } from './stored-request.ts';
import type { PlacedEvent } from './working-set.ts';

/** How a row of the log leaves a device. Of a row that changes no device, `outcome` is null and the others say nothing. */
export type OutcomeRow = Pick<OutcomeChange, 'status' | 'source' | 'finalSeq' | 'niddSeq' | 'contradicted'> & {
  readonly outcome: number | null;
};

/** A message of the log, opened. */
export interface MessageRow {
  readonly at: number;
  readonly service: string | null;
  readonly callbackCount: number | null;
  readonly message: string | null;
}

/** A row of the log as both stores read it. */
export type EventRow = OutcomeRow &
  MessageRow &
  Pick<LogEvent, 'kind' | 'position' | 'ties'> & {
    readonly seq: number;
    readonly requestStatus: RequestStatus;
    readonly counts: readonly number[];
  };

export function toLogEvent(row: Omit<EventRow, 'counts'>): LogEvent {
  const { kind, position, ties, outcome, status, source, finalSeq, niddSeq, contradicted } = row;
  const stored = toStoredCallback(row);
  return {
    kind,
    position,
    outcome: outcome === null ? null : { index: outcome, status, source, finalSeq, niddSeq, contradicted },
    callback: stored && { ...stored, service: row.service ?? '', json: row.message ?? '', digest: NO_DIGEST },
    ties,
  };
}

/** The row as `transition` placed it. */
export function toPlacedEvent(row: EventRow): PlacedEvent {
  const { seq, requestStatus, counts } = row;
  return { event: toLogEvent(row), seq, status: requestStatus, counts, device: null, isFoundByDevice: false };
}

/** Null for a row without a message. @throws for a message that is no JSON. */
export function toStoredCallback({ service, message: json, at, callbackCount }: MessageRow): StoredCallback | null {
  if (service === null || json === null) return null;
  const message = readMessage(service, json);
  return message && { receivedAt: at, callbackCount, message };
}

/** A row that was read is never written again, so its digest is not needed. */
const NO_DIGEST = new Uint8Array(0);
