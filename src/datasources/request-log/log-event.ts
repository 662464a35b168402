import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { OutcomeSource, OutcomeStatus } from './stored-request.ts';

/**
 * What one row of a Request's log can say.
 *
 * - `CREATED` the intent is on disk; `SENDING`, `ACCEPTED`, `REFUSED`, `UNANSWERED`, `REQUEUED` tell of a carrier request;
 * - `CALLBACK` settles a device, `NOTICE` leaves it pending, `NIDD` adds its second message, `REPEAT` says again what was
 *   known, `CONTRADICTION` says the opposite of it (the first stands);
 * - `UNMATCHED` keeps a message that no device could be tied to yet, `MATCHED` ties it later;
 * - `RECONCILED` settles a device by what the carrier said when it was asked; its message is that answer;
 * - `SETTLED` moves one device without a message: its carrier request was refused, unanswered or cancelled, it is overdue, or
 *   nothing more can come;
 * - `MEMBERS` the devices of a group were read, and are expected from here on; `CANCELLED` a carrier request is not sent, or
 *   was stated never to have arrived; `PROVEN` one of unknown fate did arrive; `CLOSED` nothing more is awaited from it.
 */
export type LogEventKind =
  | 'CREATED'
  | 'SENDING'
  | 'ACCEPTED'
  | 'REFUSED'
  | 'UNANSWERED'
  | 'REQUEUED'
  | 'MEMBERS'
  | 'CANCELLED'
  | 'PROVEN'
  | 'CLOSED'
  | 'CALLBACK'
  | 'NOTICE'
  | 'NIDD'
  | 'REPEAT'
  | 'CONTRADICTION'
  | 'RECONCILED'
  | 'UNMATCHED'
  | 'MATCHED'
  | 'SETTLED';

/** A row of the log before it has its place: `RequestState.apply` gives it `seq`. */
export interface LogEvent {
  readonly kind: LogEventKind;
  /** The carrier request it belongs to, by its position in the Request. */
  readonly position: number;
  /** The device it changes, and how that device stands after it; null for a row about the Request alone. */
  readonly outcome: OutcomeChange | null;
  /** A message as it came; null for a row that no callback caused. */
  readonly callback: EventCallback | null;
  /** For `MATCHED`: the `UNMATCHED` row whose message it ties; 0 elsewhere. */
  readonly ties: number;
}

export interface OutcomeChange {
  readonly index: number;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  /** The rows that hold the device's final and NIDD messages; 0 for none, `THIS_ROW` for the row itself. */
  readonly finalSeq: number;
  readonly niddSeq: number;
  readonly contradicted: boolean;
}

export interface EventCallback {
  readonly message: CallbackMessage;
  readonly service: string;
  readonly json: string;
  /** Null for an answer of the carrier: it is asked for, so it never comes twice by itself. */
  readonly digest: Uint8Array | null;
  readonly callbackCount: number | null;
  readonly receivedAt: number;
}

export const THIS_ROW = -1;
