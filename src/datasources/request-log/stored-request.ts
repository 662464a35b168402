import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';

export const OUTCOME_STATUSES = ['PENDING', 'OVERDUE', 'SUCCEEDED', 'FAILED', 'EXPIRED', 'CANCELLED', 'REJECTED', 'UNKNOWN'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

export const REQUEST_STATUSES = [
  'QUEUED',
  'SUBMITTING',
  'IN_PROGRESS',
  'UNKNOWN',
  'SUCCEEDED',
  'PARTIALLY_FAILED',
  'FAILED',
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export const CARRIER_REQUEST_STATES = ['QUEUED', 'SENDING', 'ACCEPTED', 'REFUSED', 'UNKNOWN', 'CANCELLED', 'CLOSED'] as const;
export type CarrierRequestState = (typeof CARRIER_REQUEST_STATES)[number];

export type RequestOrigin = 'GATEWAY' | 'EXTERNAL';
export const OUTCOME_SOURCES = ['CALLBACK', 'RECONCILED', 'ANSWER'] as const;
export type OutcomeSource = (typeof OUTCOME_SOURCES)[number];

/** How many devices of a Request have each status. Without `unmatched` the numbers sum to the known devices. */
export type Progress = Readonly<Record<OutcomeStatus, number>> & {
  /** Kept callbacks that could not be tied to a device yet. */
  readonly unmatched: number;
};

export interface RequestedDevice {
  readonly deviceIds: readonly { readonly kind: string; readonly id: string }[];
  readonly ipAddress?: string | undefined;
  /** The identifiers that the device is to have instead, of a change of identifiers. */
  readonly changeTo?: readonly { readonly kind: string; readonly id: string }[] | undefined;
}

/** Why a Request has its status, when the carrier (or the way to the carrier) is the reason. */
export interface RequestError {
  readonly code: string;
  readonly message: string;
  readonly httpStatus?: number | undefined;
}

export interface StoredRequest {
  readonly id: string;
  readonly account: string;
  readonly origin: RequestOrigin;
  /** Null for EXTERNAL, a request that another tool made. */
  readonly operation: string | null;
  readonly createdBy: string;
  readonly clientReference: string | null;
  readonly status: RequestStatus;
  /** How many devices were asked for. Null when only the carrier knows (another tool's request, a group that could not be read). */
  readonly total: number | null;
  /** True when the devices of a group or account were read before the request was sent. Its members may have changed since. */
  readonly totalIsEstimate: boolean;
  /** The Request whose failed devices this one tries again. */
  readonly retryOf: string | null;
  readonly progress: Progress;
  readonly lastSeq: number;
  readonly error: RequestError | null;
  /** Milliseconds since 1970, like all times in the log. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

export interface StoredCarrierRequest {
  readonly requestId: string;
  readonly position: number;
  readonly service: string;
  /** The carrier's own request id; null until it has answered. */
  readonly carrierRequestId: string | null;
  readonly state: CarrierRequestState;
  /** It carries `deviceCount` devices of the Request, from `firstIndex` on. Null when only the carrier knows them. */
  readonly firstIndex: number;
  readonly deviceCount: number | null;
  readonly attempts: number;
  readonly sentAt: number | null;
  readonly answeredAt: number | null;
  readonly error: RequestError | null;
}

export interface StoredCallback {
  readonly receivedAt: number;
  /** How often the carrier had sent this message when it first reached us. */
  readonly callbackCount: number | null;
  readonly message: CallbackMessage;
}

export interface StoredOutcome {
  readonly id: string;
  readonly requestId: string;
  /** The device's position in the list of the mutation. Devices that nobody named follow after the end of the list. */
  readonly index: number;
  readonly requested: readonly DeviceIdentifier[] | null;
  readonly status: OutcomeStatus;
  readonly source: OutcomeSource | null;
  /** A later final callback said the opposite of the first one. The first one stands. */
  readonly contradicted: boolean;
  /** The final message. Until it has come, the latest message before it. */
  /** The newest row of the log that tells of the device; 0 while there is none. */
  readonly lastSeq: number;
  readonly final: StoredCallback | null;
  readonly nidd: StoredCallback | null;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** Resolves when the next piece of a caller's work may begin. It rejects when the caller has gone. */
export type NextTurn = () => Promise<unknown>;

export function isTerminal(status: RequestStatus): boolean {
  return TERMINAL.has(status);
}

const TERMINAL: ReadonlySet<RequestStatus> = new Set(['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED']);

/** A Progress as the array of numbers that is stored: in the order of `OUTCOME_STATUSES`, then `unmatched`. */
export function countsOf(progress: Progress): number[] {
  const { PENDING, OVERDUE, SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED, UNKNOWN, unmatched } = progress;
  return [PENDING, OVERDUE, SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED, UNKNOWN, unmatched];
}

export function progressOf(counts: readonly number[]): { -readonly [Key in keyof Progress]: number } {
  const [PENDING = 0, OVERDUE = 0, SUCCEEDED = 0, FAILED = 0, EXPIRED = 0, CANCELLED = 0, REJECTED = 0, UNKNOWN = 0, unmatched = 0] =
    counts;
  return { PENDING, OVERDUE, SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED, UNKNOWN, unmatched };
}

/** `out_<ulid of the Request>_<index>` names one device of one Request as long as the Request is kept. */
export function outcomeId(requestId: string, index: number): string {
  return `out_${requestId.slice('req_'.length)}_${index}`;
}

export function parseOutcomeId(id: string): { readonly requestId: string; readonly index: number } | null {
  const match = /^out_([0-9A-HJKMNP-TV-Z]{26})_(\d{1,9})$/.exec(id);
  return match ? { requestId: `req_${match[1]}`, index: Number(match[2]) } : null;
}
