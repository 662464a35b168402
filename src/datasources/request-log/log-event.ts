import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { OutcomeSource, OutcomeStatus } from './stored-request.ts';

/**
 * The kinds of rows in a Request's log.
 *
 * - `CREATED`: the intent is on disk.
 * - `SENDING`, `ACCEPTED`, `REFUSED`, `UNANSWERED`, `REQUEUED`: what happened to a carrier request.
 * - `MEMBERS`: the devices of a group were read, and are expected from here on.
 * - `CANCELLED`: a carrier request is not sent, or an operator stated that it never arrived.
 * - `PROVEN`: a carrier request of unknown fate did arrive.
 * - `CLOSED`: nothing more is awaited from a carrier request.
 * - `CALLBACK` settles a device, `NOTICE` leaves it pending, `NIDD` adds its second message.
 * - `REPEAT` says again what was known, or tells of one profile of a device that has reported itself. `CONTRADICTION` says the opposite of it, and the first message stands.
 * - `RECONCILED` settles a device by an answer of the carrier: to our question, or to the request itself. Its message is that answer.
 * - `LEARNT` adds identifiers to a device. The carrier told them when it was asked whom an unmatched message means.
 * - `REOPENED`: one more callback came for another tool's carrier request, which was closed.
 * - `UNMATCHED` keeps a message that cannot be tied to a device yet. `MATCHED` ties it later.
 * - `SETTLED` moves one device without a message: its carrier request was refused, unanswered or cancelled, it is overdue, or
 *   nothing more can come.
 */
export const LOG_EVENT_KINDS = [
  'CREATED',
  'SENDING',
  'ACCEPTED',
  'REFUSED',
  'UNANSWERED',
  'REQUEUED',
  'MEMBERS',
  'CANCELLED',
  'PROVEN',
  'CLOSED',
  'CALLBACK',
  'NOTICE',
  'NIDD',
  'REPEAT',
  'CONTRADICTION',
  'RECONCILED',
  'LEARNT',
  'REOPENED',
  'UNMATCHED',
  'MATCHED',
  'SETTLED',
] as const;

/** A row of the log before it has its place, `seq`. */
export interface LogEvent {
  readonly kind: (typeof LOG_EVENT_KINDS)[number];
  /** The carrier request it belongs to, by its position in the Request. */
  readonly position: number;
  /** The device that the row changes, and how that device stands after it. Null for a row about the Request alone. */
  readonly outcome: OutcomeChange | null;
  /** The message as it came. Null for a row that no message caused. */
  readonly callback: EventCallback | null;
  /** For `MATCHED`: the `UNMATCHED` row whose message it ties. Otherwise 0. */
  readonly ties: number;
}

export interface OutcomeChange {
  readonly index: number;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  /**
   * The rows that hold the messages that are shown of the device: its final one (until it has come: the latest before it) and its NIDD
   * one. 0 stands for none, `THIS_ROW` for the row itself.
   */
  readonly finalSeq: number;
  readonly niddSeq: number;
  readonly contradicted: boolean;
}

export interface EventCallback {
  readonly message: CallbackMessage;
  readonly service: string;
  readonly json: string;
  /** Null for an answer of the carrier. We asked for it, so it never comes twice by itself. */
  readonly digest: Uint8Array | null;
  readonly callbackCount: number | null;
  readonly receivedAt: number;
}

export const THIS_ROW = -1;

/**
 * True for a message that changes no result of a device, nor can do so later.
 *
 * @param device how its device stands before it, if it is known.
 */
export function isQuiet(
  { kind, callback }: Pick<LogEvent, 'kind' | 'callback'>,
  device: Pick<OutcomeChange, 'niddSeq' | 'contradicted'> | undefined,
): boolean {
  if (kind === 'NIDD') return device !== undefined && device.niddSeq !== 0;
  if (kind === 'CONTRADICTION') return device?.contradicted === true;
  return kind === 'NOTICE' || kind === 'REPEAT' || (kind === 'UNMATCHED' && callback?.message.bearing === 'PROGRESS');
}
